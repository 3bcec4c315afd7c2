/** Models whose 4-bit weights are measured: exported decoders and encoders with random weights, trained models with real inputs. */
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { numbersOf } from '../../src/ir/tensors/numbers.js';
import { readModel } from '../../src/onnx/read.js';
import type { Tensors } from '../../src/runtime/isolate.js';
import { fromTensorData } from '../../src/runtime/tensor-data.js';
import { makeFeeds } from '../../src/validate/inputs/feeds.js';
import { givenSets } from '../../src/validate/inputs/files/given.js';
import { typicalSizes } from '../../src/validate/inputs/sizes.js';
import { trainedModels } from '../trained/models.js';

export interface MeasuredModel {
  readonly name: string;
  readonly file: string;
  readonly weights: 'random' | 'trained';
  /** A folder of sets of inputs that the pass is given. */
  readonly given: string;
  /** A folder of other sets, on which the result is judged. */
  readonly judged: string;
}

const EXPORTED = [
  ...['llama', 'gpt2', 'qwen3', 'gemma2', 'phi3', 'gpt_neox', 'opt'],
  ...['bert', 'roberta', 'albert', 'modernbert', 't5-encoder'],
];

/** Sets of each kind for a model of random weights. */
const SETS = 8;

interface Sources {
  /** The collection of exported models. */
  readonly zoo: string;
  /** Real inputs of trained models. */
  readonly data: string;
  /** More trained models: `model.onnx=folder of sets`. */
  readonly more: readonly string[];
}

/** The models that are there; sets of inputs are put into a folder. */
export async function measuredModels({ zoo, data, more }: Sources, folder: string): Promise<MeasuredModel[]> {
  const found: MeasuredModel[] = [];
  for (const name of EXPORTED) {
    const file = join(zoo, name, 'dyn20/model.onnx');
    if (existsSync(file)) found.push(await withMadeInputs(name, file, join(folder, name)));
  }
  for (const { folder: name, file, state } of trainedModels(data).found)
    if (!state) found.push(withHalves(name, file, join(data, name), join(folder, name)));
  for (const one of more) {
    const [file, inputs] = one.split('=') as [string, string];
    const name = basename(file, '.onnx');
    found.push(withHalves(name, file, inputs, join(folder, name)));
  }
  return found;
}

/** Random tokens; those that are judged have other seeds. */
async function withMadeInputs(name: string, file: string, folder: string): Promise<MeasuredModel> {
  const model = await readModel(file);
  const [given, judged] = [join(folder, 'given'), join(folder, 'judged')];
  for (const [first, into] of [
    [1000, given],
    [2000, judged],
  ] as const) {
    mkdirSync(into, { recursive: true });
    for (let seed = first; seed < first + SETS; seed++) {
      const { tensors } = makeFeeds(model, { seed, variant: 'full', sizes: typicalSizes[1] });
      writeFileSync(join(into, `${seed}.json`), JSON.stringify(asLists(tensors)));
    }
  }
  return { name, file, weights: 'random', given, judged };
}

const asLists = (tensors: Tensors): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, data]) => {
      const tensor = fromTensorData(data);
      return [name, nested([...numbersOf(tensor)], tensor.shape)];
    }),
  );

function nested(numbers: readonly number[], [count, ...rest]: readonly number[]): unknown {
  if (count === undefined) return numbers[0];
  const size = numbers.length / count;
  return Array.from({ length: count }, (_, i) => nested(numbers.slice(i * size, (i + 1) * size), rest));
}

/** Every other set is given, the rest judged. */
function withHalves(name: string, file: string, inputs: string, folder: string): MeasuredModel {
  const [given, judged] = [join(folder, 'given'), join(folder, 'judged')];
  for (const into of [given, judged]) mkdirSync(into, { recursive: true });
  givenSets(inputs).forEach(({ path }, at) => {
    symlinkSync(resolve(path), join(at % 2 === 0 ? given : judged, basename(path)));
  });
  return { name, file, weights: 'trained', given, judged };
}
