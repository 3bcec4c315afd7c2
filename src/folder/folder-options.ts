/** How a folder is optimized. */
import { z } from 'zod';
import { type OptimizeFileOptions, optimizeFileSchema } from '../job/options.js';
import { type Config, configSchema } from '../settings/config.js';

/** Options of a job on a folder of models. */
export interface FolderOptions
  extends Omit<OptimizeFileOptions, 'out' | 'tracePath' | 'require' | 'dataName' | 'onGate' | 'contract'> {
  /** The folder of the result: new, empty, or made by an earlier run, of which what has not changed is kept. */
  readonly out: string;
  /** Passes of single parts, by name or path: `{ vae_decoder: { passes: 'exact' } }`; `none` copies one. */
  readonly parts?: Config['parts'];
  /** Says what would be done, and does nothing. */
  readonly dryRun?: boolean;
  /** How many parts are worked on at a time. Default 1. */
  readonly jobs?: number;
}

export const folderSchema = optimizeFileSchema
  .omit({ tracePath: true, require: true, dataName: true, onGate: true, contract: true })
  .extend({
    out: z.string('expected the path of a folder'),
    parts: configSchema.shape.parts,
    dryRun: z.boolean('expected true or false'),
    jobs: z.number().int().positive('expected a whole number above 0'),
  });
