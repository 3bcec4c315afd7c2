/** Config files: JSON, JavaScript modules, and TypeScript where something here can strip its types. */
import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Config, checkConfig } from '../src/config.js';
import { UsageError } from '../src/ir/usage-error.js';
import { temporary, undivided } from '../src/leftovers.js';

/** The settings in a config file, or under a key of it; paths in it are relative to it. Throws UsageError where it is none. */
export async function loadConfig(path: string, key?: string): Promise<Config> {
  const content = await load(path);
  const config = key ? checkConfig((content as Content)[key], `${path}: ${key}`) : checkConfig(content, path);
  return config.inputs ? { ...config, inputs: resolve(dirname(path), config.inputs) } : config;
}

type Content = Readonly<Record<string, unknown>>;

async function load(path: string): Promise<unknown> {
  const kind = extname(path);
  if (kind === '.json') return parseJson(path, await readFile(path, 'utf8'));
  if (['.js', '.mjs'].includes(kind)) return importFile(path);
  if (!['.ts', '.mts'].includes(kind))
    throw new UsageError(`${path}: expected a .js, .ts or .json file; found "${kind}"`);
  return stripsTypes() ? importFile(path) : importStripped(path);
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`${path}: expected JSON; found ${jsonFault(text)}`);
  }
}

/** What stands where JSON ends to be JSON. The parser does not always say where: it does not mind the text before that place. */
function jsonFault(text: string): string {
  let [at, end] = [0, text.length];
  while (at < end) {
    const middle = Math.ceil((at + end) / 2);
    if (mayGoOn(text.slice(0, middle))) at = middle;
    else end = middle - 1;
  }
  const lines = text.slice(0, at).split('\n');
  const found = at < text.length ? JSON.stringify(text[at]) : 'the end of the file';
  return `${found} at line ${lines.length}, column ${(lines.at(-1) as string).length + 1}`;
}

/** True where a text is JSON so far. */
function mayGoOn(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const { message } = error as Error;
    return /end of JSON|Unterminated/.test(message) || Number(/at position (\d+)/.exec(message)?.[1]) === text.length;
  }
}

/** `place` is the file that its author knows. */
async function importFile(path: string, place = path): Promise<unknown> {
  await readFile(path);
  try {
    return (await import(pathToFileURL(resolve(path)).href)).default;
  } catch (error) {
    throw new UsageError(`${place}: expected a config that loads; found ${String(error)}`);
  }
}

/** True where Node imports TypeScript itself: from 22.18 on. */
const stripsTypes = (): boolean => Boolean((process.features as { typescript?: unknown }).typescript);

/** On an older Node the config's own project may have esbuild (Vite and Vitest bring it): it strips the types. */
async function importStripped(path: string): Promise<unknown> {
  const source = await readFile(path, 'utf8');
  let esbuild: { transform(text: string, options: object): Promise<{ code: string }> };
  try {
    esbuild = createRequire(resolve(path))('esbuild');
  } catch {
    throw new UsageError(
      `${path}: expected Node 22.18 or newer for a .ts config; found ${process.version}. Install esbuild beside it, or write .js`,
    );
  }
  const { code } = await esbuild
    .transform(source, { loader: 'ts', format: 'esm', sourcefile: path })
    .catch((error: unknown) => {
      throw new UsageError(`${path}: expected a config that loads; found ${String(error)}`);
    });
  // Beside the original, so that what it imports is found from there.
  const stripped = join(dirname(resolve(path)), `.onnx-passes-${randomUUID()}.mjs`);
  const remove = (): void => rmSync(stripped, { force: true });
  const gone = undivided(() => {
    const forget = temporary(stripped, remove);
    writeFileSync(stripped, code, { flag: 'wx' });
    return forget;
  });
  try {
    return await importFile(stripped, path);
  } finally {
    remove();
    gone();
  }
}
