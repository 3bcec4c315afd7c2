/** Runs a flattened model and gives back what the original would have given, in plain numbers. */
import { flattenOutputs } from '../passes/flatten-outputs.js';
import { contractOf } from '../src/contract/contract.js';
import { type TensorLike, type Unflattened, unflatten } from '../src/contract/unflatten.js';
import type { Model } from '../src/ir/model.js';
import { numbersOf } from '../src/ir/tensors/numbers.js';
import type { Tensor } from '../src/ir/tensors/tensor.js';
import { writeModel } from '../src/onnx/write.js';
import { checkPass } from './check-pass.js';
import { runModel, type Tensors } from './run-model.js';

/** Flattens with everything that a pass is checked for, runs, unflattens. */
export async function flattenAndRun(
  before: Model,
  feeds: Tensors,
  options: Parameters<typeof flattenOutputs>[0] = {},
): Promise<{ model: Model; notes: readonly string[]; values: Readonly<Record<string, unknown>> }> {
  const { model, result } = await checkPass(flattenOutputs(options), { before, within: 0, keepsInterface: false });
  return { model, notes: result.notes.map(({ text }) => text), values: await runFlat(model, feeds) };
}

/** The outputs of a flattened model, unflattened: see `plain`. */
export async function runFlat(model: Model, feeds: Tensors): Promise<Readonly<Record<string, unknown>>> {
  const found = await runModel(await writeModel(model), feeds);
  const results = Object.fromEntries(Object.entries(found).map(([name, tensor]) => [name, tensorLike(tensor)]));
  const values = unflatten(results, contractOf(model));
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, plain(value)]));
}

const decoder = new TextDecoder();

const tensorLike = (tensor: Tensor): TensorLike => ({
  type: tensor.type,
  dims: tensor.shape,
  data: tensor.strings ? tensor.strings.map((text) => decoder.decode(text)) : numbersOf(tensor),
});

/** Tensors as [dims, ...elements], maps as objects; lists, dicts and null as they are. */
export function plain(value: Unflattened | Tensor | Map<string, number>): unknown {
  if (value === null) return null;
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, number]) => [String(key), number]));
  if (Array.isArray(value)) return value.map(plain);
  if ('chunks' in value) return plain(tensorLike(value as Tensor));
  if ('dims' in value && 'data' in value) {
    const { dims, data } = value as TensorLike;
    return [[...dims], ...Array.from(data)];
  }
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one as Unflattened)]));
}
