/** Config files: JSON, and modules of JavaScript or TypeScript. */
import { readFile } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { UsageError } from '../../src/ir/text/usage-error.js';
import { type Config, checkConfig } from '../../src/settings/config.js';
import { importModule } from '../../src/settings/module-file.js';

/** The settings in a config file, or under a key of it; paths in it are relative to it. Throws UsageError where it is none. */
export async function loadConfig(path: string, key?: string): Promise<Config> {
  const content = await load(path);
  const config = key ? checkConfig((content as Content)[key], `${path}: ${key}`) : checkConfig(content, path);
  const beside = (file: string): string => resolve(dirname(path), file);
  const { inputs, plugins } = config;
  return {
    ...config,
    ...(inputs && { inputs: beside(inputs) }),
    ...(plugins && { plugins: plugins.map((one) => (typeof one === 'string' ? beside(one) : one)) }),
  };
}

type Content = Readonly<Record<string, unknown>>;

const load = async (path: string): Promise<unknown> =>
  extname(path) === '.json'
    ? parseJson(path, await readFile(path, 'utf8'))
    : (await importModule(path, { noun: 'config', kinds: '.js, .ts or .json' })).default;

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
