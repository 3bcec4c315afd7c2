/** What the settings that are an option of one pass do to a list of passes. */

import { type PassSetting, passSettings } from '../../passes/settings.js';
import { UsageError } from '../ir/text/usage-error.js';
import { type Catalogue, parsePasses } from '../run/parse.js';
import type { Pass } from '../run/pass.js';
import { type Config, flagOf } from './config.js';

type GivenSettings = Pick<Config, keyof typeof passSettings>;

/** Each of these settings that is given, with its declaration and its value. */
const givenIn = (given: GivenSettings): readonly (readonly [string, PassSetting, unknown])[] =>
  (Object.keys(passSettings) as (keyof GivenSettings)[]).flatMap((setting) =>
    given[setting] === undefined ? [] : [[setting, passSettings[setting], given[setting]] as const],
  );

/** The passes that are meant where none are asked for and a setting brings its own; undefined where none does. */
export const passesWith = (given: GivenSettings): readonly string[] | undefined => {
  const brought = givenIn(given).filter(([, { comes }]) => comes);
  return brought.length ? brought.flatMap(([, { alone }]) => alone ?? []) : undefined;
};

/** Sets the options that settings stand for. Throws UsageError where the pass of one is missing and does not come by itself. */
export function withSettings(passes: readonly Pass[], given: GivenSettings, catalogue: Catalogue): readonly Pass[] {
  let list = passes;
  for (const [setting, { pass: name, option, comes }, value] of givenIn(given)) {
    if (!list.some(({ definition }) => definition.name === name)) {
      if (!comes) throw new UsageError(`--${flagOf(setting)}: expected ${name} among the passes; found none`);
      const own = parsePasses(name, catalogue);
      list = comes === 'first' ? [...own, ...list] : [...list, ...own];
    }
    list = list.map((pass) =>
      pass.definition.name === name ? { ...pass, options: { ...(pass.options as object), [option]: value } } : pass,
    );
  }
  return list;
}
