/** `optimize mcp`: inspect, plan, optimize, explain and compare for a client of the Model Context Protocol, over stdin and stdout. */
import { createReadStream } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { Writable } from 'node:stream';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { abortable } from '../../../src/abortable.js';
import { UsageError, unknownText } from '../../../src/ir/text/usage-error.js';
import { version } from '../../../src/version.js';
import type { RunCommand } from '../../parse/command.js';
import type { Flags } from '../../parse/flags.js';
import { parse } from '../../parse/parse.js';
import { fail } from '../../terminal/fail.js';
import { listenToProgress } from '../../terminal/progress-line.js';
import { keeping, realStdout } from '../../terminal/terminal.js';
import { expectBelow } from './confined.js';
import { pathFlags, type Tool, tools, wordsFor } from './tools.js';

type Arguments = Readonly<Record<string, unknown>>;
type Runs = Readonly<Record<string, RunCommand>>;

/** Serves until the client closes stdin. `runs` has what each command does. */
export async function run(flags: Flags, runs: Runs): Promise<undefined> {
  const root = await realpath((flags.root as string | undefined) ?? process.cwd());
  const { Server, StdioServerTransport, CallToolRequestSchema, ListToolsRequestSchema } = await loadSdk();
  const server = new Server({ name: 'onnx-passes', version }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema })),
  }));
  // One model at a time: what is printed is kept for the call, and times are measured.
  let turn: Promise<unknown> = Promise.resolve();
  server.setRequestHandler(CallToolRequestSchema, ({ params }, { sendNotification, signal }) => {
    const token = params._meta?.progressToken;
    let progress = 0;
    const tell = (message: string): void => {
      // Each step is told, writing too: a call that the client has cancelled ends here.
      signal.throwIfAborted();
      if (token === undefined) return;
      const notice = {
        method: 'notifications/progress',
        params: { progressToken: token, progress: ++progress, message },
      };
      void sendNotification(notice as Parameters<typeof sendNotification>[0]);
    };
    const answered = turn.then(() =>
      abortable(signal, () => answer({ root, runs, tell }, params.name, params.arguments ?? {})),
    );
    turn = answered.catch(() => undefined);
    return answered;
  });
  const stdin = createReadStream('', { fd: 0, autoClose: false });
  const ended = new Promise<void>((resolve) => stdin.once('end', resolve).once('error', () => resolve()));
  const output = new Writable({
    write(piece: Buffer, _, done) {
      realStdout.write(piece.toString());
      done();
    },
  });
  await server.connect(new StdioServerTransport(stdin, output));
  await ended;
  await turn;
  await server.close();
}

interface Serving {
  readonly root: string;
  readonly runs: Runs;
  /** Tells the client what is being done. */
  readonly tell: (about: string) => void;
}

/** The JSON of the command, an error of it as text. What a gate refuses is an error that holds the report too. */
async function answer(server: Serving, name: string, given: Arguments): Promise<CallToolResult> {
  listenToProgress(server.tell);
  const {
    result: code,
    stdout,
    stderr,
  } = await keeping(async () => {
    try {
      const tool = tools.find((one) => one.name === name);
      if (!tool)
        throw new UsageError(
          unknownText(
            'tool',
            name,
            tools.map((one) => one.name),
          ),
        );
      return await call(server, tool, given);
    } catch (error) {
      return fail(error);
    }
  }).finally(() => listenToProgress(undefined));
  const texts = [stdout, ...(code === 0 ? [] : [stderr])].filter(Boolean);
  return { content: texts.map((text) => ({ type: 'text', text })), ...(code !== 0 && { isError: true }) };
}

async function call({ root, runs }: Serving, tool: Tool, given: Arguments): Promise<number> {
  const { command } = tool;
  const placed: Record<string, unknown> = { ...given };
  for (const name of [...command.positionals, ...pathFlags]) {
    if (typeof given[name] !== 'string') continue;
    await expectBelow(root, given[name], name);
    placed[name] = resolve(root, given[name]) + (/[/\\]$/.test(given[name]) ? sep : '');
  }
  const words = wordsFor(tool, placed);
  return (await runs[command.name]?.(await parse(command, words), [command.name, ...words].filter(Boolean))) ?? 0;
}

/** The official SDK, which is no dependency of this package. */
async function loadSdk() {
  try {
    const [{ Server }, { StdioServerTransport }, types] = await Promise.all([
      import('@modelcontextprotocol/sdk/server/index.js'),
      import('@modelcontextprotocol/sdk/server/stdio.js'),
      import('@modelcontextprotocol/sdk/types.js'),
    ]);
    return { Server, StdioServerTransport, ...types };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new UsageError(
      'mcp: expected the package @modelcontextprotocol/sdk; found none. Add it: npm install @modelcontextprotocol/sdk',
    );
  }
}
