/** Inputs for a graph: two sizes of the symbolic dims, ordinary numbers, and odd ones. */
import { type Dim, dimText } from '../../../src/ir/dims/dims.js';
import type { Model } from '../../../src/ir/model.js';
import { stringsTensor, tensorOf } from '../../../src/ir/tensors/numbers.js';
import { elementCount, type Tensor } from '../../../src/ir/tensors/tensor.js';
import { type DataType, dataTypes } from '../../../src/ir/types.js';
import type { Tensors } from '../../../src/runtime/protocol.js';
import { toTensorData } from '../../../src/runtime/tensor-data.js';
import { Random } from '../../../src/validate/inputs/random.js';

/** What an element is now and then, where inputs are odd: products of these stay below what masks are filled with. */
const odd = [0, 0, -0, 30, -30, 1e-8, 1];
/** The same for passes that keep what follows from any number: fused attention does not (a NaN that a guard catches, scores as large as a fill). */
const wild = [...odd, 1e4, -1e30, Number.POSITIVE_INFINITY, Number.NaN];

/** Sets of inputs, by how odd their numbers are: two ordinary ones, an odd, a wild one. Inputs with a default are left out of the first. */
export function feedsFor(model: Model, seed: number): Tensors[] {
  const random = new Random(seed);
  const first = new Map<string, number>();
  const second = new Map<string, number>();
  for (const { shape } of model.graph.inputs)
    for (const dim of shape ?? []) {
      if (typeof dim === 'number' || first.has(dimText(dim))) continue;
      first.set(dimText(dim), random.int(2, 5));
      second.set(dimText(dim), random.next() < 0.3 ? 1 : random.int(2, 7));
    }
  return [
    feed(model, first, random, [], true),
    feed(model, second, random, [], false),
    feed(model, second, random, odd, false),
    feed(model, first, random, wild, false),
  ];
}

function feed(
  model: Model,
  sizes: ReadonlyMap<string, number>,
  random: Random,
  odd: readonly number[],
  leavesOut: boolean,
): Tensors {
  const given = model.graph.inputs.filter(({ defaultTensor }) => !defaultTensor || !leavesOut);
  const size = (dim: Dim): number => (typeof dim === 'number' ? dim : (sizes.get(dimText(dim)) ?? 2));
  return Object.fromEntries(
    given.map(({ name, elem, shape }) => [
      name,
      toTensorData(drawn(elem as DataType, (shape ?? []).map(size), random, odd)),
    ]),
  );
}

function drawn(elem: DataType, shape: readonly number[], random: Random, odd: readonly number[]): Tensor {
  const count = elementCount(shape);
  if (elem === 'string')
    return stringsTensor(
      Array.from({ length: count }, () => ['a', 'b', 'B c', ''][random.int(0, 4)] as string),
      shape,
    );
  const { kind } = dataTypes[elem];
  const element = (): number => {
    if (kind === 'bool') return random.int(0, 2);
    if (kind === 'signed') return random.int(-3, 5);
    if (kind === 'unsigned') return random.int(0, 8);
    return odd.length > 0 && random.next() < 0.1 ? (odd[random.int(0, odd.length)] as number) : random.normal();
  };
  return tensorOf(elem, Array.from({ length: count }, element), shape);
}

/** Which sets a list of passes is judged on: how many, from the first. */
export const ORDINARY = 2;
export const ODD = 3;
