/** The inputs that a model's folder stores: test_data_set_0, as decoded by the project's own reader. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeTensor } from '../src/onnx/read.js';
import type { Tensors } from './run-model.js';

/** Inputs by name; undefined where the folder has none, or some that are no tensors. */
export function storedInputs(folder: string, set = 'test_data_set_0'): Tensors | undefined {
  const data = join(folder, set);
  if (!existsSync(data)) return undefined;
  const files = readdirSync(data).filter((name) => name.startsWith('input_'));
  try {
    const tensors = files.map((name) => decodeTensor(Uint8Array.from(readFileSync(join(data, name)))));
    return Object.fromEntries(tensors.map((tensor) => [tensor.name, tensor]));
  } catch {
    return undefined;
  }
}
