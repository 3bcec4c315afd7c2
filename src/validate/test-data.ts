/** Test data sets: folders of numbered `.pb` files, one TensorProto each, as ONNX's own tests have them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ModelError } from '../ir/errors.js';
import type { Model } from '../ir/model.js';
import { decodeTensor } from '../onnx/read.js';
import type { TensorData } from '../runtime/isolate.js';
import { toTensorData } from '../runtime/tensor-data.js';
import { type Feeds, shapesText } from './feeds.js';

/** The number in `input_3.pb`. */
const numberIn = (file: string): number => Number(/_(\d+)\.pb$/.exec(file)?.[1]);

const numbered = (folder: string, kind: 'input' | 'output'): string[] =>
  readdirSync(folder)
    .filter((file) => new RegExp(`^${kind}_\\d+\\.pb$`).test(file))
    .sort((a, b) => numberIn(a) - numberIn(b));

/** One `.pb` file. Throws ModelError where it holds no tensor (a sequence or an optional holds no dims). */
function readTensorFile(path: string): TensorData & { name: string } {
  try {
    const tensor = decodeTensor(readFileSync(path));
    return { ...toTensorData(tensor), name: tensor.name };
  } catch (error) {
    const found = error instanceof ModelError ? error.found : (error as Error).message;
    throw new ModelError(path, 'a TensorProto (sequences and optionals cannot be fed)', found);
  }
}

/** The inputs in one `test_data_set_*` folder; a file without a name is the model's input of its number. */
function readSet(folder: string, model: Model): Feeds {
  // An input with a default stands behind the others in files that leave it out.
  const { inputs } = model.graph;
  const tensors: Record<string, TensorData> = {};
  for (const file of numbered(folder, 'input')) {
    const { name, ...tensor } = readTensorFile(join(folder, file));
    const known = inputs.find((input) => input.name === name) ?? inputs[numberIn(file)];
    if (!known) throw new ModelError(join(folder, file), `one of ${inputs.length} inputs`, `"${name}"`);
    tensors[known.name] = tensor;
  }
  const missing = inputs.filter((input) => !input.defaultTensor && !tensors[input.name]);
  if (missing.length)
    throw new ModelError(folder, 'a file for every input', `none for ${missing.map(({ name }) => name).join(', ')}`);
  return { tensors, about: `${basename(folder)}: ${shapesText(tensors)}`, source: 'data' };
}

/**
 * The test data in a folder: its `test_data_set_*` folders in order of their numbers, or the folder itself if it is one.
 * Throws ModelError where there is none, or where a file cannot be fed.
 */
export function readTestData(folder: string, model: Model): Feeds[] {
  if (!existsSync(folder)) throw new ModelError(folder, 'a folder with test_data_set_*', 'nothing there');
  const entries = readdirSync(folder, { withFileTypes: true });
  const sets = entries
    .filter((entry) => entry.isDirectory() && /^test_data_set_\d+$/.test(entry.name))
    .map(({ name }) => name)
    .sort((a, b) => Number(/\d+$/.exec(a)) - Number(/\d+$/.exec(b)));
  if (sets.length) return sets.map((set) => readSet(join(folder, set), model));
  if (numbered(folder, 'input').length) return [readSet(folder, model)];
  throw new ModelError(folder, 'test_data_set_* folders, or input_0.pb and so on', 'neither');
}
