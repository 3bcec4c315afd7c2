import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeModel } from '../../src/onnx/write.js';
import { slowBudget, slowModel } from '../slow-model.js';
import { cli, tinyModel, Workplace } from './run-cli.js';

/** The folders that programs of a user write to; all are empty. */
const folders = ['home', 'tmp', 'cache', 'config', 'data', 'state', 'runtime'];
let place: Workplace;
beforeAll(async () => {
  place = new Workplace();
  for (const folder of folders) mkdirSync(place.path(folder));
  await place.write(tinyModel());
  await writeModel(slowModel(), place.path('slow.onnx'));
});
afterAll(() => place.remove());

let runs = 0;
function environment(): NodeJS.ProcessEnv {
  const [HOME, TMPDIR, XDG_CACHE_HOME, XDG_CONFIG_HOME, XDG_DATA_HOME, XDG_STATE_HOME, XDG_RUNTIME_DIR] = folders.map(
    (folder) => place.path(folder),
  );
  const own = { HOME, TMPDIR, XDG_CACHE_HOME, XDG_CONFIG_HOME, XDG_DATA_HOME, XDG_STATE_HOME, XDG_RUNTIME_DIR };
  const { ORT_DISABLE_TELEMETRY: _, ...others } = process.env;
  return { ...others, ...own, NO_COLOR: '1', LEAVES_NOTHING: `${process.pid}-${++runs}` };
}

const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

/** Lists the files in the user's folders, and the temporary files beside the models. Code that Node itself keeps compiled (22.8) is left by other programs too. */
const left = (): string[] =>
  readdirSync(place.folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => ![...folders, 'model.onnx', 'slow.onnx'].includes(name))
    .filter((name) => !name.startsWith(join('tmp', 'node-compile-cache')))
    .sort();

/** Lists living processes by their environment, where the system shows it. */
function livingIn({ LEAVES_NOTHING }: NodeJS.ProcessEnv): string[] {
  if (process.platform !== 'linux') return [];
  const read = (path: string): string => {
    try {
      return readFileSync(path, 'latin1');
    } catch {
      // The process has ended.
      return '';
    }
  };
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && read(`/proc/${pid}/environ`).includes(`LEAVES_NOTHING=${LEAVES_NOTHING}\0`))
    .filter((pid) => /\) [^ZX] /.test(read(`/proc/${pid}/stat`)));
}

/** The code of an end by a signal, or that signal: on a busy machine the thread may not be stopped in time, and the process then ends by the signal itself. */
const endedBy = (signal: keyof typeof codes) => expect.toSatisfy((how) => [codes[signal], signal].includes(how));

/** Runs the command and acts on it while it runs; gives its end, and the processes and files that are left at that moment. */
async function ended(words: readonly string[], act: (child: ChildProcess) => void = () => {}) {
  const env = environment();
  const child = spawn(process.execPath, [cli, ...words], {
    cwd: place.folder,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  act(child);
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.once('exit', (...how) => resolve(how)),
  );
  const found = { living: livingIn(env), left: left() };
  await new Promise((resolve) => (child.stderr.closed ? resolve(undefined) : child.stderr.once('close', resolve)));
  return { code, signal, how: code ?? signal, stderr, ...found };
}

it.each<[string, string[], number, string[]]>([
  ['a result', ['model.onnx', '-p', 'simplify,bf16', '--target', 'cpu', '-o', 'out.onnx', '-q'], 0, ['out.onnx']],
  ['a gate', ['model.onnx', '-p', 'simplify', '--target', 'cpu', '--min-speedup', '900', '-q'], 3, []],
  ['inspect', ['inspect', 'model.onnx'], 0, []],
  ['compare', ['compare', 'model.onnx', 'model.onnx', '--target', 'cpu', '--no-speed', '--rollout', '0', '-q'], 0, []],
  ['an error', ['none.onnx', '-p', 'simplify'], 1, []],
])('leaves nothing but its output: %s', async (_name, words, code, files) => {
  expect(await ended(words)).toMatchObject({ code, living: [], left: files });
  for (const file of files) rmSync(place.path(file));
});

/** Seeded moments: the same each time, as far as clocks allow. */
function* moments(seed: number, count: number): Iterable<number> {
  let state = seed;
  for (let i = 0; i < count; i++) {
    state = (state * 48271) % 2147483647;
    yield Math.round((state / 2147483647) * 1500);
  }
}

const cases = [...moments(7, 3)].map((ms, i) => [Object.keys(codes)[i % 3] as keyof typeof codes, ms] as const);

it.each(cases)('%s after %d ms ends it, and nothing is left', async (signal, ms) => {
  const before = readFileSync(place.path('model.onnx'));
  const found = await ended(['model.onnx', '-p', 'simplify,int8', '--target', 'cpu'], (child) =>
    setTimeout(() => child.kill(signal), ms),
  );
  expect(found).toMatchObject({ living: [], left: found.code === 0 ? ['model.opt.onnx'] : [] });
  rmSync(place.path('model.opt.onnx'), { force: true });
  // Before Node has started, the system ends the process.
  if (found.signal !== null) expect(found.signal).toBe(signal);
  else if (found.code !== 0) {
    expect(found.code).toBe(codes[signal]);
    expect(found.stderr.trimEnd().split('\n').at(-1)).toBe('interrupted; nothing was written');
  }
  expect(found.stderr).not.toMatch(/error|ended:/);
  expect(readFileSync(place.path('model.onnx')).equals(before)).toBe(true);
});

const words = [
  'slow.onnx',
  '-p',
  'simplify',
  '--target',
  'cpu',
  '--verify',
  'none',
  '--budget',
  `run-work=${slowBudget['run-work']}`,
];

/** While the command compares, its child processes are in native code. */
const onceComparing = (child: ChildProcess, act: () => void): void => {
  let said = '';
  child.stderr?.on('data', (chunk) => {
    if (said.includes('running the original')) return;
    said += chunk;
    if (said.includes('running the original')) setTimeout(act, 500);
  });
};

it('ends JavaScript that computes', async () => {
  // This config stands for a pass that computes for long: it is loaded in the same thread.
  const text = `import { writeSync } from 'node:fs'; writeSync(2, 'busy\\n'); for (const end = Date.now() + 60_000; Date.now() < end; );`;
  writeFileSync(place.path('busy.mjs'), text);
  const found = await ended(['model.onnx', '--config', 'busy.mjs'], (child) =>
    child.stderr?.once('data', () => child.kill('SIGTERM')),
  );
  rmSync(place.path('busy.mjs'));
  expect(found).toMatchObject({
    how: endedBy('SIGTERM'),
    stderr: 'busy\ninterrupted; nothing was written\n',
    living: [],
  });
});

it('ends a run in native code; a second signal ends it at once, unless it came with the first', async () => {
  const together = await ended(words, (child) =>
    onceComparing(child, () => {
      child.kill('SIGINT');
      child.kill('SIGINT');
    }),
  );
  expect(together).toMatchObject({ how: endedBy('SIGINT'), living: [], left: [] });
  expect(together.stderr.trimEnd().split('\n').at(-1)).toBe('interrupted; nothing was written');
  const twice = await ended(words, (child) =>
    onceComparing(child, () => {
      child.kill('SIGTERM');
      setTimeout(() => child.kill('SIGTERM'), 80);
    }),
  );
  expect(twice).toMatchObject({ how: endedBy('SIGTERM'), left: [] });
});

it('is followed by its child processes where it is killed', async () => {
  let env: NodeJS.ProcessEnv = {};
  const found = await ended(words, (child) => onceComparing(child, () => child.kill('SIGKILL')));
  env = { LEAVES_NOTHING: `${process.pid}-${runs}` };
  expect(found.signal).toBe('SIGKILL');
  while (livingIn(env).length) await new Promise((resolve) => setTimeout(resolve, 20));
});
