/** Config files: JSON, and modules of JavaScript or TypeScript. */
import { readFile } from 'node:fs/promises';
import { dirname, extname, resolve, sep } from 'node:path';
import { named } from '../../src/ir/collections/named.js';
import { UsageError } from '../../src/ir/text/usage-error.js';
import type { Config } from '../../src/settings/config.js';
import { type ConfigJob, checkConfigFile } from '../../src/settings/config-file.js';
import { importModule } from '../../src/settings/module-file.js';

/** The settings of a config file, and its jobs. */
export interface LoadedConfig {
  readonly config: Config;
  readonly jobs: Readonly<Record<string, ConfigJob>>;
}

/**
 * A config file, or what stands under a key of it, laid over those that it extends; paths in each are relative to it. Throws UsageError where it
 * is none, or extends itself.
 */
export async function loadConfig(path: string, key?: string, above: readonly string[] = []): Promise<LoadedConfig> {
  const own = resolve(path);
  if (above.includes(own))
    throw new UsageError(`${path}: expected a config that does not extend itself; found that it does`);
  const content = await load(path);
  const place = key ? `${path}: ${key}` : path;
  const {
    extends: parents = [],
    jobs = {},
    ...settings
  } = checkConfigFile(key ? (content as Content)[key] : content, place);
  const beside = (file: string): string => resolve(dirname(path), file);
  let found: LoadedConfig = { config: {}, jobs: {} };
  for (const parent of [parents].flat())
    found = laidOver(found, await loadConfig(beside(parent), undefined, [...above, own]));
  const moved = Object.entries(jobs).map(([name, job]) => [name, withPaths(job, beside)] as const);
  return laidOver(found, { config: settingsBeside(settings, beside), jobs: named(moved) });
}

/** A job whose models and results are from the folder of its config. */
const withPaths = ({ model, out, report, ...settings }: ConfigJob, beside: (file: string) => string): ConfigJob => ({
  ...settingsBeside(settings, beside),
  ...(settings.variants && { variants: settings.variants }),
  model: [model].flat().map(beside),
  // A folder is told by its end.
  ...(out !== undefined && { out: beside(out) + (/[/\\]$/.test(out) ? sep : '') }),
  ...(report !== undefined && { report: beside(report) }),
});

const settingsBeside = (config: Config, beside: (file: string) => string): Config => ({
  ...config,
  ...(config.inputs && { inputs: beside(config.inputs) }),
  ...(config.plugins && { plugins: config.plugins.map((one) => (typeof one === 'string' ? beside(one) : one)) }),
});

/** The second where both say something; plugins of both. */
const laidOver = (below: LoadedConfig, above: LoadedConfig): LoadedConfig => {
  const plugins = [...(below.config.plugins ?? []), ...(above.config.plugins ?? [])];
  return {
    config: { ...below.config, ...above.config, ...(plugins.length > 0 && { plugins }) },
    jobs: { ...below.jobs, ...above.jobs },
  };
};

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
