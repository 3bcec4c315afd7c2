/** Finds the config that holds for a folder: its own, or that of the nearest folder above it. */
import { existsSync, lstatSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { UsageError } from '../../src/ir/text/usage-error.js';

const names = ['json', 'js', 'mjs', 'ts', 'mts'].map((ending) => `onnx-passes.config.${ending}`);
const KEY = 'onnx-passes';

/** A file of settings, and the key in it that they stand under. */
export interface ConfigPlace {
  /** From where the command runs. */
  readonly path: string;
  readonly key?: string;
}

/** Looks no further than the user's home. Throws UsageError where a folder has two configs, or one of a stranger: a config is code that runs. */
export async function findConfig(from: string): Promise<ConfigPlace | undefined> {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const found: ConfigPlace[] = names.flatMap((name) => (existsSync(join(folder, name)) ? { path: name } : []));
    if (hasKey(join(folder, 'package.json'))) found.push({ path: 'package.json', key: KEY });
    const [one, other] = found.map(({ path, key }) => ({ path: relative(from, join(folder, path)), key }));
    if (other) throw new UsageError(`${one?.path}: expected one config in a folder; found ${other.path} as well`);
    if (one) {
      refuseStrangers(join(from, one.path), one.path, from);
      return one;
    }
    if (folder === homedir() || folder === dirname(folder)) return undefined;
  }
}

function hasKey(path: string): boolean {
  try {
    return Object.hasOwn(JSON.parse(readFileSync(path, 'utf8')), KEY);
  } catch {
    // There is none, or it is none of ours.
    return false;
  }
}

/** A folder above may be open to all, as /tmp is; a link there is as much its owner's as the file behind it. */
function refuseStrangers(path: string, name: string, from: string): void {
  const user = process.getuid?.();
  const trusted = [user, 0, statSync(from).uid];
  if (user === undefined || [statSync(path), lstatSync(path)].every(({ uid }) => trusted.includes(uid))) return;
  throw new UsageError(
    `${name}: expected a config of your own; found one of another user. Take it with --config, or --no-config`,
  );
}
