/** The settings that hold for a command line besides its flags: those of a config. */

import { shownText } from '../../src/ir/text/shown-text.js';
import { UsageError } from '../../src/ir/text/usage-error.js';
import type { Config } from '../../src/settings/config.js';
import type { Plugin } from '../../src/settings/plugins.js';
import type { Flags } from '../parse/flags.js';
import { stderr } from '../terminal/terminal.js';
import { type LoadedConfig, loadConfig } from './config.js';
import { type ConfigPlace, findConfig } from './find-config.js';

/** A config, and the file where it was found; no file where a flag names it. */
interface FoundConfig extends LoadedConfig {
  readonly foundAt?: string;
}

/** The file of the config that holds, in a list; none where there is none. */
export async function configFilesFor({ config }: Flags): Promise<string[]> {
  if (typeof config === 'string') return [config];
  const found = config === false ? undefined : await findConfig(process.cwd());
  return found ? [found.path] : [];
}

/** The config that `--config` names, or else the nearest one; none with `--no-config`. */
async function configFor({ config }: Flags): Promise<FoundConfig> {
  const named: ConfigPlace | undefined = typeof config === 'string' ? { path: config } : undefined;
  const place = named ?? (config === false ? undefined : await findConfig(process.cwd()));
  if (!place) return { config: {}, jobs: {} };
  return { ...(await loadConfig(place.path, place.key)), foundAt: named ? undefined : place.path };
}

/** All settings of the config. A line on stderr names the file where nobody named it. */
export async function settingsFor(flags: Flags): Promise<Config> {
  const { config, foundAt } = await configFor(flags);
  tell(flags, 'settings', foundAt);
  return config;
}

/** The same with its jobs. Throws UsageError where there are none. */
export async function jobsFor(flags: Flags): Promise<LoadedConfig> {
  const { foundAt, ...loaded } = await configFor(flags);
  if (Object.keys(loaded.jobs).length === 0)
    throw new UsageError(
      'expected a config with jobs, e.g. onnx-passes.config.json: { "jobs": { "small": { "model": "model.onnx", "out": "small.onnx", "passes": "quarter" } } }; found none',
    );
  tell(flags, 'jobs', foundAt);
  return loaded;
}

/** The plugins of the config and of `--plugin`, for commands that take no other setting of a config. */
export async function pluginsFor(flags: Flags): Promise<readonly Plugin[]> {
  const { config, foundAt } = await configFor(flags);
  const { plugins = [] } = config;
  if (plugins.length > 0) tell(flags, 'plugins', foundAt);
  return [...plugins, ...((flags.plugin as readonly string[] | undefined) ?? [])];
}

function tell({ quiet, json }: Flags, what: string, foundAt: string | undefined): void {
  if (foundAt !== undefined && !quiet && !json) stderr.write(`${shownText(`${what} of ${foundAt}`)}\n`);
}
