/**
 * Mutated files by the thousand, in child processes that may be killed: whatever is neither success nor one line that says what is
 * wrong with the file is a finding, saved as a file. A process that ends, hangs or grows beyond its limit is one as well, where it does so again alone.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../models.js';
import type { FuzzOptions, FuzzSummary } from '../options.js';
import { seedModels } from './seeds.js';
import { fileOf, type Told } from './tries.js';

/** Seconds that one file may take, of its process's own time; and by the clock, where the process waits. */
const SECONDS = 5;
const WAIT_SECONDS = 60;
const BYTES = 2 ** 30;

type Ended = 'done' | 'hung' | 'grew' | 'died';

/** A process that tries files; resolves with why it ended, and at which file. */
function work(
  seed: number,
  from: number,
  to: number,
  onTold: (told: Told) => boolean,
): Promise<{ ended: Ended; at: number; text: string }> {
  return new Promise((resolve) => {
    const child = fork(join(root, 'bench/run.mjs'), ['test/fuzz/files/worker.ts', `${seed}`, `${from}`, `${to}`], {
      cwd: root,
      execArgv: ['--max-old-space-size=900', '--enable-source-maps'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let at = from;
    let text = '';
    let ended: Ended | undefined;
    let [began, used] = [performance.now(), 0];
    const stop = (why: Ended): void => {
      ended ??= why;
      child.kill('SIGKILL');
    };
    const watch = setInterval(() => {
      const seconds = (performance.now() - began) / 1000;
      // The first file waits for the seeds to be read.
      const limit = at === from ? 3 * SECONDS : SECONDS;
      if (seconds > WAIT_SECONDS || (seconds > limit && cpuSeconds(child) - used > limit)) stop('hung');
    }, 500);
    child.stderr?.on('data', (data) => {
      text = (text + data).slice(-2000);
    });
    child.on('message', (told: Told) => {
      at = told.index + 1;
      [began, used] = [performance.now(), cpuSeconds(child)];
      if (told.peak > BYTES) {
        at = told.index;
        stop('grew');
      } else if (!onTold(told)) stop('done');
    });
    child.on('exit', (code) => {
      clearInterval(watch);
      resolve({ ended: ended ?? (code === 0 ? 'done' : 'died'), at, text });
    });
  });
}

/** Seconds of processor time; by the clock where the system does not say. */
function cpuSeconds({ pid }: ChildProcess): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return performance.now() / 1000;
  }
}

export async function fuzzFiles({
  seed,
  seconds,
  first = 0,
  count = Number.POSITIVE_INFINITY,
  say,
}: FuzzOptions): Promise<FuzzSummary> {
  const out = join(tmpdir(), 'fuzz-files');
  mkdirSync(out, { recursive: true });
  const end = performance.now() + seconds * 1000;
  const last = first + count;
  const models = seedModels();
  const counts = { ran: 0, refused: 0, found: 0 };
  const seen = new Map<string, number>();
  const save = (key: string, index: number, bytes: Uint8Array, error: string): void => {
    const times = (seen.get(key) ?? 0) + 1;
    seen.set(key, times);
    if (times > 1) return;
    const path = join(out, `${seed}-${index}.onnx`);
    writeFileSync(path, bytes);
    say(`${path} (${fileOf(models, seed, index).model.name}, ${bytes.length} B)\n  ${key}\n  ${error}`);
  };
  let next = first;
  while (next < last && performance.now() < end) {
    const to = Math.min(last, next + 100_000);
    const { ended, at } = await work(seed, next, to, ({ index, outcome, file }) => {
      counts[outcome.kind]++;
      if (outcome.kind === 'found') {
        const bytes = file ? Buffer.from(file, 'base64') : fileOf(models, seed, index).bytes;
        save(outcome.place || outcome.step, index, bytes, `${outcome.step}: ${outcome.error}`);
      }
      return performance.now() < end;
    });
    next = at;
    if (ended === 'done') continue;
    // Alone, and in a new process: what came before it may have left the memory full.
    const again = await work(seed, at, at + 1, () => true);
    if (again.ended !== 'done') {
      counts.found++;
      save(`${again.ended} ${at}`, at, fileOf(models, seed, at).bytes, again.text.slice(0, 300));
    }
    next = at + 1;
  }
  for (const [key, times] of seen) say(`${times}× ${key}`);
  const { ran, refused, found } = counts;
  const text = `files: ${ran + refused + found} of seed ${seed}: ${ran} went through, ${refused} refused in one line, ${found} findings`;
  return { text, findings: found };
}
