/** What a flag is, and the settings that flags state; the texts and choices of settings are those of a config. */
import type { Options } from 'yargs';
import { type Config, checkConfig, configSchema, flagOf } from '../../src/settings/config.js';
import { number } from './flag-values.js';

/** A flag as yargs takes it, and what yargs does not know of it. */
export interface Flag extends Pick<Options, 'alias' | 'choices' | 'defaultDescription' | 'requiresArg' | 'type'> {
  readonly describe: string;
  /** What its value looks like. */
  readonly takes?: string;
  /** The value that its text stands for; without it the text itself. */
  readonly read?: (written: string) => unknown;
  /** The same for a flag that may be repeated. */
  readonly readAll?: (written: readonly string[]) => unknown;
}

/** Flags and positionals as they were parsed, by name. */
export type Flags = Readonly<Record<string, unknown>>;

type Setting = keyof Config;

/** The text of a setting, as the config has it. */
export const about = (setting: Setting): string => configSchema.shape[setting].description ?? '';
export const isSo = (describe: string) => ({ type: 'boolean', describe }) as const;
export const oneOf = (choices: readonly string[], describe: string) =>
  ({ type: 'string', requiresArg: true, choices, describe }) as const;
export const valued = (takes: string, describe: string, more: Partial<Flag> = {}): Flag => ({
  ...{ type: 'string', requiresArg: true, takes, describe },
  ...more,
});
export const numeric = (setting: Setting): Flag => valued('<number>', about(setting), { read: number });

/** The flag that states a setting. */
const nameOf = (setting: string): string =>
  ({ shapes: 'shape', dims: 'dim', plugins: 'plugin' })[setting] ?? flagOf(setting);

/** The settings that flags state; those not given are absent. Throws UsageError for a value that a setting cannot have. */
export function configFromFlags(flags: Flags): Config {
  const given = Object.keys(configSchema.shape).flatMap((setting) => {
    const value = flags[nameOf(setting)];
    return value === undefined ? [] : [[setting, value] as const];
  });
  return checkConfig(Object.fromEntries(given), 'flags', (setting) => `--${nameOf(setting)}`);
}
