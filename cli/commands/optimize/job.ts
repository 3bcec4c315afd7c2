/** The job that a command line and a config ask for: its passes, and its settings. */

import { UsageError } from '../../../src/ir/text/usage-error.js';
import { targetOf } from '../../../src/optimize.js';
import type { PassesLike } from '../../../src/run/parse.js';
import type { Config } from '../../../src/settings/config.js';
import { passesWith } from '../../../src/settings/pass-settings.js';
import type { Flags } from '../../parse/flags.js';
import { stderr } from '../../terminal/terminal.js';

/** Where no passes are asked for: fewer nodes, and every number as it was but for the order of sums. */
const DEFAULT_PASSES = 'exact';

/** The passes of a job on one model. What stays of the outputs and what is frozen are passes of their own. */
export async function passesOf(config: Config, batch: string | undefined, flags: Flags): Promise<PassesLike> {
  const given = config.passes ?? passesWith(config) ?? (config.dims || config.shapes || batch ? [] : undefined);
  if (typeof given === 'string' && !/[^\s,]/.test(given))
    throw new UsageError(`--passes: expected a,b,…; found "${given}". See: optimize passes`);
  const asked = given ?? DEFAULT_PASSES;
  if (given === undefined && !flags.quiet && !flags.json) stderr.write(`${await defaultText(config)}\n`);
  const rest = typeof asked === 'string' ? [asked] : asked;
  return batch === undefined ? asked : [['symbolic-batch', { name: batch }] as const, ...rest];
}

async function defaultText({ target, validate, verify }: Config): Promise<string> {
  const runs = validate !== false || (verify !== undefined && verify !== 'none');
  const name = await targetOf(target, runs);
  const choice = target === undefined || target === 'auto' ? ', the best target here' : '';
  return `no --passes: ${DEFAULT_PASSES}, for ${name}${choice}. Smaller files: --passes half, quarter or eighth; all: optimize passes`;
}
