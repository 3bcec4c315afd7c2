/** The models that a command line names. */
import { checkInputs } from '../../src/check-inputs.js';
import type { Model } from '../../src/ir/model.js';
import { readModel } from '../../src/onnx/read.js';
import type { Config } from '../../src/settings/config.js';
import { configFromFlags, type Flags } from '../parse/flags.js';

export const modelAt = (path: unknown, { allowOutsideData, budget }: Config): Promise<Model> =>
  readModel(path as string, { allowOutsideData, budget });

export const modelIn = (flags: Flags): Promise<Model> => modelAt(flags.model, configFromFlags(flags));

/** Paths of two models to compare, and the settings for it. Throws UsageError for inputs that the original cannot take. */
export async function pairIn(flags: Flags): Promise<{ paths: [string, string]; settings: Config }> {
  const settings = configFromFlags(flags);
  const { shapes, dims, inputs } = settings;
  if (shapes ?? dims ?? inputs) await checkInputs(await modelAt(flags.original, settings), settings);
  return { paths: [flags.original as string, flags.result as string], settings };
}
