/** What the options of the public functions consist of; options that are settings too come from the config. */

import { z } from 'zod';
import { any, truth } from '../ir/options/options.js';
import { targetNames, targets } from '../ir/targets/targets.js';
import { configSchema } from './config.js';

/** A schema for each option of a type, and for no other. */
export type SchemasOf<Options> = { readonly [Name in keyof Options]-?: z.ZodType<Options[Name]> };

/** The schemas of settings that are options, too. */
export const settings = <Name extends keyof typeof configSchema.shape>(
  ...names: Name[]
): Pick<typeof configSchema.shape, Name> =>
  Object.fromEntries(names.map((name) => [name, configSchema.shape[name]])) as Pick<typeof configSchema.shape, Name>;

const aboveZero = 'expected milliseconds above 0';
export const milliseconds = z.number(aboveZero).positive(aboveZero);
const count = z.int('expected a whole number').positive('expected 1 or more');
export const choice = <const Choices extends readonly [string, ...string[]]>(choices: Choices) =>
  z.enum(choices, `expected ${choices.join(' | ')}`);
export const provider = choice(targets);
export const targetName = choice(targetNames);
export const onGate = choice(['throw', 'report']);

/** Options for made-up inputs of a comparison. */
const feeds = { ...settings('inputs', 'seed', 'shapes', 'dims'), variant: any, sizes: any, kind: any, values: any };
export const reference = { ...feeds, ...settings('budget'), isRounded: truth, setsBudgetMs: any, mostSets: count };
