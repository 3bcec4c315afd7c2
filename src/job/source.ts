/** The model that a job starts from, and the files that it was read from. */
import type { Model } from '../ir/model.js';
import { readModel } from '../onnx/read.js';
import type { Config } from '../settings/config.js';
import type { Baseline } from '../validate/validation.js';

/** A model that was read, and what its comparisons share. */
export interface ReadSource {
  readonly original: Model;
  /** The files that it was read from. */
  readonly files: readonly string[];
  readonly baseline: Baseline;
}

/** Reads the model of a job. */
export async function readSource(
  input: string,
  options: Pick<Config, 'allowOutsideData' | 'budget'>,
): Promise<ReadSource> {
  const files: string[] = [];
  const { allowOutsideData, budget } = options;
  const original = await readModel(input, { allowOutsideData, budget, onFile: (path) => files.push(path) });
  return { original, files, baseline: {} };
}

/** Bytes of these files; one that is named twice counts once. */
export async function bytesOf(files: readonly string[]): Promise<number> {
  const { stat } = await import('node:fs/promises');
  const sizes = await Promise.all([...new Set(files)].map(async (path) => (await stat(path)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
