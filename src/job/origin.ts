/** What a result was made from and how: hashes of files, and a recipe that makes it again. */
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileDigest } from '../disk/file-digest.js';
import type { Report } from '../run/report/report.js';
import { version } from '../version.js';

type Hashes = NonNullable<Report['hashes']>;

/** Hashes the model, the files of its weights, and the inputs that were given. Nothing is held in memory. */
export async function hashesOf(files: readonly string[], inputs: string | undefined): Promise<Hashes> {
  const [model = '', ...data] = [...new Set(files)];
  return {
    model: await hashOf(model),
    data: await Promise.all(data.map(hashOf)),
    inputs: inputs === undefined ? [] : await Promise.all((await filesIn(inputs)).map(hashOf)),
  };
}

/** The file, or all files of the folder, by name. */
export async function filesIn(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

const hashOf = async (path: string): Promise<Hashes['model']> => ({
  name: basename(path),
  ...(await fileDigest(path)),
});

/** Settings of a job that say nothing of its result. */
const beside = new Set([
  'out',
  'force',
  'reportPath',
  'tracePath',
  'details',
  'onGate',
  'onProgress',
  'signal',
  'command',
]);

/** `settled`: what was left to choose, as it was chosen: passes, target, seed. */
export function recipeOf(
  input: string,
  options: Readonly<Record<string, unknown>>,
  settled: Readonly<Record<string, unknown>>,
): NonNullable<Report['recipe']> {
  const given = Object.entries(options).filter(([name, value]) => !beside.has(name) && isPlain(value));
  const { command } = options;
  const npx = `npx onnx-passes@${version}`;
  return {
    command:
      typeof command === 'string'
        ? command.replace(/^optimize\b/, npx)
        : `${npx} ${basename(input)} --config recipe.json`,
    config: { ...Object.fromEntries(given), ...settled },
  };
}

/** True for what a config file can hold. */
const isPlain = (value: unknown): boolean =>
  value !== undefined && typeof value !== 'function' && JSON.stringify(value) !== undefined;
