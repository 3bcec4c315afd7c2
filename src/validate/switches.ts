/**
 * A model of which constants can be others: W + s · (Q − W) stands for each, and an input s chooses between W (0) and Q (1).
 *
 * Why this way: what one weight in fewer bits does to the outputs is one run. As a model of its own it would be copied, written and loaded for each weight.
 */
import { GraphBuilder } from '../ir/build.js';
import type { Model } from '../ir/model.js';
import { castTensor, numbersOf, tensorOf } from '../ir/tensors/numbers.js';
import { derivedTensor, type Tensor } from '../ir/tensors/tensor.js';
import { tensorType } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { cloneModel } from '../ir/whole-model/clone.js';
import type { Alternative } from '../run/trials.js';
import type { Tensors } from '../runtime/isolate.js';
import { toTensorData } from '../runtime/tensor-data.js';

/** An input of this name and a number chooses one alternative; no port of a model is called so. */
const SWITCH = 'onnx-passes: switch ';

/** A copy of the model with a switch for each alternative; several of one constant add up. */
export function withSwitches(model: Model, alternatives: readonly Alternative[]): Model {
  const copies = new Map<Value, Value>();
  const copy = cloneModel(model, undefined, copies);
  const now = new Map<Value, Value>();
  const add = ({ value, tensor, also = [] }: Alternative, chosen: Value): void => {
    const own = copies.get(value) as Value;
    const build = new GraphBuilder(own.graph);
    const type = tensorType('float32', tensor.shape);
    const from = now.get(own) ?? build.constant(castTensor(own.tensor as Tensor, 'float32'));
    const step = build.op('Mul', [build.constant(differenceOf(own.tensor as Tensor, tensor)), chosen], {}, { type });
    now.set(own, build.op('Add', [from, step], {}, { type }));
    for (const one of also) add(one, chosen);
  };
  for (const [at, alternative] of alternatives.entries())
    add(alternative, copy.graph.input(`${SWITCH}${at}`, tensorType('float32', [])));
  for (const [own, sum] of now)
    own.graph.replaceUses(own, new GraphBuilder(own.graph).cast(sum, (own.tensor as Tensor).type));
  return copy;
}

/** Feeds of the switches: those of these alternatives are on. */
export const switchesOf = (count: number, on: readonly number[]): Tensors =>
  Object.fromEntries(
    Array.from({ length: count }, (_, at) => [
      `${SWITCH}${at}`,
      toTensorData(tensorOf('float32', Number(on.includes(at)), [])),
    ]),
  );

const differenceOf = (before: Tensor, after: Tensor): Tensor =>
  derivedTensor('float32', after.shape, () => {
    const [a, b] = [numbersOf(before), numbersOf(after)];
    return tensorOf(
      'float32',
      b.map((number, i) => number - (a[i] as number)),
      after.shape,
    ).chunks();
  });
