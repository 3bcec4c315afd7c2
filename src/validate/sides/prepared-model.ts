/** Prepares a model for validation: its graph, to make inputs from, and a file or bytes for the runtime. */

import { join } from 'node:path';
import { append } from '../../ir/collections/lists.js';
import type { Model } from '../../ir/model.js';
import { storedTensors } from '../../ir/tensors/constants.js';
import { withLimits } from '../../ir/whole-model/clone.js';
import { type ReadOptions, readModel } from '../../onnx/read.js';
import { writeModel } from '../../onnx/write.js';
import { temporaryFolder } from '../../runtime/temporary-folder.js';

export interface PreparedModel {
  readonly model: Model;
  /** A path or bytes. */
  readonly source: string | Uint8Array;
  /** The files that it was read from; empty for a model in memory. */
  readonly files: readonly string[];
  /** Removes files that were written for the runtime. */
  close(): void;
}

/** A model in memory with constants of more bytes is streamed to a file and read from there. */
const LARGE = 64 * 2 ** 20;

interface PrepareOptions extends Pick<ReadOptions, 'allowOutsideData' | 'budget'> {
  /** The file that a model in memory was written to, where it was. It stays. */
  readonly file?: string | undefined;
}

/** Throws ModelError where the file is not a model. */
export async function prepareModel(
  given: string | Uint8Array | Model,
  { allowOutsideData, budget, file }: PrepareOptions = {},
): Promise<PreparedModel> {
  const close = (): void => {};
  const files: string[] = [];
  if (typeof given === 'string' || given instanceof Uint8Array) {
    const model = await readModel(given, { allowOutsideData, budget, onFile: (path) => files.push(path) });
    return { model, source: given, files: [...new Set(files)], close };
  }
  const model = withLimits(given, budget);
  if (file !== undefined) return { model, source: file, files: [file], close };
  if (constantBytes(model) <= LARGE) return { model, source: await writeModel(model), files, close };
  const folder = temporaryFolder();
  const path = join(folder.path, 'model.onnx');
  try {
    append(files, (await writeModel(model, path)).files);
  } catch (error) {
    folder.remove();
    throw error;
  }
  return { model, source: path, files, close: folder.remove };
}

function constantBytes(model: Model): number {
  let bytes = 0;
  for (const graph of model.graphs()) for (const { byteLength } of storedTensors(graph)) bytes += byteLength;
  return bytes;
}
