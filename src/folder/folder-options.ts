/** How a folder is optimized. */
import { z } from 'zod';
import { recordOf } from '../ir/options/record-schema.js';
import { type OptimizeFileOptions, optimizeFileSchema } from '../job/optimize-file.js';
import type { PartSettings } from './part-plan.js';

export interface FolderOptions
  extends Omit<OptimizeFileOptions, 'out' | 'require' | 'dataName' | 'onGate' | 'contract'> {
  /** The folder of the result: new, empty, or made by an earlier run, of which what has not changed is kept. */
  readonly out: string;
  /** Passes of single parts, by name or path: `{ vae_decoder: { passes: 'exact' } }`; `none` copies one. */
  readonly parts?: PartSettings;
  /** Says what would be done, and does nothing. */
  readonly dryRun?: boolean;
  /** How many parts are worked on at a time. Default 1. */
  readonly jobs?: number;
}

export const folderSchema = optimizeFileSchema
  .omit({ require: true, dataName: true, onGate: true, contract: true })
  .extend({
    out: z.string('expected the path of a folder'),
    parts: recordOf(z.object({ passes: z.string('expected passes') }), 'expected settings by part'),
    dryRun: z.boolean('expected true or false'),
    jobs: z.number().int().positive('expected a whole number above 0'),
  });
