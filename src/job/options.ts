/** What a job on a file is asked for. */
import { z } from 'zod';
import { abortSignal, called, text, truth } from '../ir/options/options.js';
import type { ProgressListener } from '../ir/text/progress.js';
import type { OnGate } from '../run/outcome.js';
import { type Config, configSchema } from '../settings/config.js';
import { onGate, type SchemasOf } from '../settings/option-schemas.js';

/** Options of the whole job on a file: those of a config, and where its files go. */
export interface OptimizeFileOptions extends Omit<Config, 'passes' | 'parts'>, Pick<OnGate, 'onGate'> {
  /** Path of the result. Default: `model.opt.onnx` beside `model.onnx`. */
  readonly out?: string;
  /** Lets the result overwrite its input. */
  readonly force?: boolean;
  /** The path of a file for the report: JSON, by its ending Markdown (`.md`) or a page (`.html`). It appears together with the result. */
  readonly reportPath?: string;
  /** The path of a file for a Chrome trace (about:tracing, Perfetto): passes and their steps, and the nodes of one run of original and result. */
  readonly tracePath?: string;
  /** Whether the report says what became of each node. Default: where it is written to a file. */
  readonly details?: boolean;
  /** The command, for the report. */
  readonly command?: string;
  /** Called with the current step in a few words, and the progress where it is known. */
  readonly onProgress?: ProgressListener;
  /** Ends the work early: the promise rejects with the signal's reason, nothing is written and nothing is left. */
  readonly signal?: AbortSignal;
}

export const optimizeFileSchema = z.object({
  ...configSchema.omit({ passes: true, parts: true }).shape,
  out: text,
  force: truth,
  reportPath: text,
  tracePath: text,
  details: truth,
  onGate,
  onProgress: called<ProgressListener>(),
  command: text,
  signal: abortSignal,
} satisfies SchemasOf<OptimizeFileOptions>);
