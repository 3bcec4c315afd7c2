/**
 * The settings of a job that are an option of one pass. The pass, the config, its flags and the list of passes take them from here.
 * No pass is imported: the help of the command line reads this, and runs none.
 */

import { z } from 'zod';
import { attentionOps } from './attention/attention-ops.js';
import { sizeSchema } from './fit/size.js';

export interface PassSetting {
  /** The name of the pass. */
  readonly pass: string;
  /** The name of its option. */
  readonly option: string;
  readonly schema: z.ZodType;
  /** Where the passes lack this one: whether it goes before or behind them. Otherwise to set it is a mistake. */
  readonly comes?: 'first' | 'last';
  /** Where no passes are asked for: those that go with it. */
  readonly alone?: string;
  /** A value as it is written on the command line. */
  readonly example?: string;
}

const names = 'expected a list of names';

/** By the name of the setting. */
export const passSettings = {
  outputs: {
    pass: 'flatten-outputs',
    option: 'outputs',
    schema: z
      .array(z.string(names), names)
      .describe(
        'Names or globs of the outputs that stay; ! takes away. The option of flatten-outputs, which goes first if --passes lacks it.',
      ),
    comes: 'first',
    example: 'logits,hidden_states.*',
  },
  attnOp: {
    pass: 'fuse-attn',
    option: 'op',
    schema: z
      .enum(attentionOps, `expected ${attentionOps.join(' | ')}`)
      .describe('The op that fuse-attn emits: its option op.'),
  },
  maxSize: {
    pass: 'fit',
    option: 'maxSize',
    schema: sizeSchema.describe(
      'The largest file: a share of the input (30%), or bytes (120MB). The option of fit, which goes last if --passes lacks it; without --passes it follows exact.',
    ),
    comes: 'last',
    alone: 'exact',
    example: '30%',
  },
} satisfies Readonly<Record<string, PassSetting>>;

type Settings = typeof passSettings;

/** The schemas alone. */
export const passSettingSchemas = Object.fromEntries(
  Object.entries(passSettings).map(([setting, { schema }]) => [setting, schema]),
) as { readonly [Setting in keyof Settings]: Settings[Setting]['schema'] };
