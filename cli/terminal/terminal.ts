/** The streams of the command: whether they are terminals, their colour and width, and what is printed of a result. */
import { createReadStream } from 'node:fs';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { jsonText } from '../../src/ir/text/shown-text.js';
import { isColoured } from '../../src/report/style.js';
import type { Flags } from '../parse/flags.js';
import { type CommandJob, type Stream, slot, type ThreadMessage } from '../thread/thread.js';

/** A stream of the process, as a command writes to it. */
export interface Output {
  readonly isTTY: boolean;
  /** 0 where it is unknown. */
  readonly columns: number;
  write(text: string): void;
  /** Writes the bytes of a file. */
  send(path: string): Promise<void>;
}

/** What is printed now, where it is kept rather than written. */
let kept: Record<Stream, string> | undefined;

/** Runs a command and keeps what it prints. One at a time. */
export async function keeping<T>(work: () => Promise<T>): Promise<{ result: T } & Readonly<Record<Stream, string>>> {
  const own = { stdout: '', stderr: '' };
  kept = own;
  try {
    const result = await work();
    return { result, ...own };
  } finally {
    kept = undefined;
  }
}

/** The stream, unless what is printed is kept. */
const output = (stream: Stream): Output => {
  const real = realOutput(stream);
  return Object.create(real, {
    write: {
      value(text: string) {
        if (kept) kept[stream] += text;
        else real.write(text);
      },
    },
  });
};

/** The streams are the main thread's: the thread of a command has it write. */
function realOutput(stream: Stream): Output {
  if (isMainThread)
    return {
      isTTY: process[stream].isTTY === true,
      get columns() {
        return process[stream].columns ?? 0;
      },
      write: (text) => process[stream].write(text),
      send: (path) => sendFile(path, stream),
    };
  const { terminals, shared } = workerData as CommandJob;
  return {
    isTTY: terminals.includes(stream),
    get columns() {
      return Atomics.load(shared, slot[stream]);
    },
    write: (text) => tell({ kind: 'write', stream, text }),
    send: (path) =>
      new Promise((resolve) => {
        parentPort?.once('message', () => resolve());
        tell({ kind: 'send', stream, path });
      }),
  };
}

const tell = (message: ThreadMessage): void => parentPort?.postMessage(message);

/** Writes a file to a stream of this process, no faster than it is read. */
export async function sendFile(path: string, stream: Stream): Promise<void> {
  for await (const piece of createReadStream(path))
    if (!process[stream].write(piece)) await new Promise((resolve) => process[stream].once('drain', resolve));
}

/** Stdout, also while what is printed is kept. */
export const realStdout = realOutput('stdout');
export const stdout = output('stdout');
export const stderr = output('stderr');

export const hasColour = ({ isTTY }: Output): boolean => isColoured(process.env, isTTY);

/** How wide a stream's lines may be; a terminal that does not know its width reports 0. */
export const widthOf = ({ columns }: Output, otherwise = 100): number => columns || otherwise;

/** How wide the lines of text are that a command prints: as the terminal, within what can be laid out and what is read with ease. */
export const lineWidth = (stream: Output): number => Math.max(60, Math.min(110, widthOf(stream)));

/** Prints what a command found: JSON where that is asked for, nothing where all but errors is hidden, else the view of it. */
export function show<T>(
  flags: Flags,
  found: T,
  view: (found: T, options: { isColoured: boolean; width: number }) => string,
  stream = stdout,
): void {
  if (flags.json) stream.write(jsonText(found));
  else if (!flags.quiet) stream.write(view(found, { isColoured: hasColour(stream), width: lineWidth(stream) }));
}
