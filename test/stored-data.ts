/** What a model's folder stores: the tensors of a test data set, as decoded by the project's own reader. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeTensor } from '../src/onnx/read.js';
import type { Tensors } from './run-model.js';

/** The test data sets of a folder, by name; test_data_set_0 first. */
export const dataSets = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.startsWith('test_data_set_'))
    .sort();

/** The inputs or outputs of one set by name; none where the folder has no such set. */
export function storedTensors(folder: string, kind: 'input' | 'output', set = 'test_data_set_0'): Tensors {
  const data = join(folder, set);
  if (!existsSync(data)) return {};
  const files = readdirSync(data).filter((name) => name.startsWith(`${kind}_`));
  const tensors = files.map((name) => decodeTensor(Uint8Array.from(readFileSync(join(data, name)))));
  return Object.fromEntries(tensors.map((tensor) => [tensor.name, tensor]));
}
