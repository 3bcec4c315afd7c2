/** Reads test data sets in the format of ONNX's own tests: folders of numbered `.pb` files, one TensorProto each. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Model } from '../../../ir/model.js';
import { ModelError } from '../../../ir/text/errors.js';
import { decodeTensor } from '../../../onnx/read.js';
import type { TensorData } from '../../../runtime/isolate.js';
import { toTensorData } from '../../../runtime/tensor-data.js';

/** The number in `input_3.pb`. */
const numberIn = (file: string): number => Number(/_(\d+)\.pb$/.exec(file)?.[1]);

/** The files of inputs among those in a folder, in order of their numbers. */
export const inputFiles = (files: readonly string[]): string[] =>
  files.filter((file) => /^input_\d+\.pb$/.test(file)).sort((a, b) => numberIn(a) - numberIn(b));

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

/** The tensors of one folder by input. A file without a name belongs to the model's input of the same number. */
export function* readPb(folder: string, files: readonly string[], model: Model): Iterable<[string, TensorData]> {
  // Files may leave out inputs with a default; these come last in the numbering.
  const { inputs } = model.graph;
  for (const file of inputFiles(files)) {
    const { name, ...tensor } = readTensorFile(join(folder, file));
    const known = inputs.find((input) => input.name === name) ?? inputs[numberIn(file)];
    if (!known) throw new ModelError(join(folder, file), `one of ${inputs.length} inputs`, `"${name}"`);
    yield [known.name, tensor];
  }
}
