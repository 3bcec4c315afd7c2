/**
 * Stops a write at every system call of the file system, by SIGKILL and by an error, and checks the files that are
 * there: `npm run bench:stops`. Needs strace. This file is also the program that writes.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Model } from '../src/ir/model.js';
import { derivedTensor, type Tensor } from '../src/ir/tensors/tensor.js';
import { readModel } from '../src/onnx/read.js';
import { model, numberAt, write } from '../test/disk/sets.js';

const externalData = true;
const contract = true;
const cases = {
  'one file': { old: {}, options: {} },
  'external data': { old: { externalData }, options: { externalData } },
  'in place, with a contract': { old: { externalData, contract }, options: { externalData, contract } },
} as const;
type Name = keyof typeof cases;

/** The errors that each system call may fail with. */
const calls: Readonly<Record<string, readonly string[]>> = {
  openat: ['EACCES', 'ENOSPC'],
  pwrite64: ['ENOSPC', 'EIO'],
  write: ['EIO'],
  fsync: ['EIO'],
  rename: ['EACCES', 'EIO'],
  unlink: ['EACCES'],
  chmod: ['EIO'],
  getdents64: ['EIO'],
  statx: ['EIO'],
  lstat: ['EIO'],
  fstat: ['EIO'],
  close: ['EIO'],
  pread64: ['EIO'],
  read: ['EIO'],
};

/** Reads a model and adds one to its weights, which are read while the result is written. */
async function increased(path: string): Promise<Model> {
  const read = await readModel(path);
  for (const value of read.graph.constants) {
    const old = value.tensor as Tensor;
    value.tensor = derivedTensor(old.type, old.shape, () => [
      new Uint8Array(new Float32Array(old.bytes().slice().buffer).map((x) => x + 1).buffer),
    ]);
  }
  return read;
}

/** Marks the begin and the end of the write in the trace, and tells the process that started this one. */
function mark(): void {
  writeSync(1, 'mark');
  try {
    accessSync('/mark');
  } catch {
    // There is no such file.
  }
}

interface Site {
  readonly call: string;
  /** The number of the call, among those of its kind and thread. */
  readonly index: number;
}

/** Lists the calls between the marks, and a few around them, because the number of earlier calls varies. */
function sitesIn(trace: string): Site[] {
  const counts = new Map<string, number>();
  const sites = new Map<string, Site>();
  let isWithin = false;
  for (const line of trace.split('\n')) {
    const [, thread, call] = /^(\d+) +(\w+)\(/.exec(line) ?? [];
    if (call === undefined) continue;
    if (call === 'access' && line.includes('"/mark"')) isWithin = !isWithin;
    const index = (counts.get(`${thread} ${call}`) ?? 0) + 1;
    counts.set(`${thread} ${call}`, index);
    if (isWithin && call in calls)
      for (let at = Math.max(1, index - 1); at <= index + 1; at++) sites.set(`${call} ${at}`, { call, index: at });
  }
  return [...sites.values()];
}

const self = process.argv[1] as string;
const strace = (folder: string, name: Name, flags: readonly string[]) =>
  spawnSync('strace', ['-f', '-qq', ...flags, process.execPath, self, 'write', join(folder, 'model.onnx'), name], {
    encoding: 'utf8',
  });

async function sweep(name: Name): Promise<void> {
  const { old, options } = cases[name];
  const home = mkdtempSync(join(tmpdir(), 'onnx-passes-stops-'));
  const [before, folder] = [join(home, 'before'), join(home, 'after')];
  const path = join(folder, 'model.onnx');
  const reset = (): void => {
    rmSync(folder, { recursive: true, force: true });
    cpSync(before, folder, { recursive: true });
  };
  mkdirSync(before);
  await write(model(1), join(before, 'model.onnx'), old);
  reset();
  const log = join(home, 'log');
  strace(folder, name, ['-o', log]);
  const sites = sitesIn(readFileSync(log, 'utf8'));
  const tally = { runs: 0, old: 0, new: 0, wrong: 0, left: 0, 'not one line': 0 };
  for (const { call, index } of sites)
    for (const how of ['signal=KILL', ...(calls[call] ?? []).map((error) => `error=${error}`)]) {
      reset();
      const { stdout, stderr } = strace(folder, name, [
        '-o',
        '/dev/null',
        '-e',
        `trace=${call}`,
        '-e',
        `inject=${call}:${how}:when=${index}`,
      ]);
      const number = await numberAt(path).catch((error) => String(error));
      tally.runs++;
      tally[number === 1 ? 'old' : number === 2 ? 'new' : 'wrong']++;
      const where = `${name}: ${how} at ${call} ${index}`;
      if (number !== 1 && number !== 2) console.log(`${where}: ${number}`);
      if (how !== 'signal=KILL' && stdout !== '' && stderr !== '' && !/^\w+Error: .*: expected .*\n$/.test(stderr)) {
        tally['not one line']++;
        console.log(`${where}: ${stderr.slice(0, 300)}`);
      }
      const { files } = await write(model(3), path, options);
      const rest = readdirSync(folder).length - files.length - ('contract' in options ? 1 : 0);
      if (rest > 0) {
        tally.left++;
        console.log(`${where}: ${readdirSync(folder).join(' ')}`);
      }
    }
  console.log(name, JSON.stringify(tally));
  rmSync(home, { recursive: true });
}

if (process.argv[2] === 'write') {
  const [path, name] = process.argv.slice(3) as [string, Name];
  const source = await increased(path);
  // This loads all code now, so that no stopped call belongs to loading.
  await write(model(0), `${dirname(path)}.warm.onnx`, cases[name].options);
  mark();
  try {
    await write(source, path, cases[name].options);
  } catch (error) {
    process.stderr.write(`${error}\n`);
    process.exitCode = 1;
  }
  mark();
} else
  for (const name of Object.keys(cases) as Name[]) if (!process.argv[2] || process.argv[2] === name) await sweep(name);
