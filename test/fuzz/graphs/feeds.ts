/** Inputs for a graph: two sizes of the symbolic dims, ordinary numbers, and odd ones. */
import { type Dim, dimText } from '../../../src/ir/dims.js';
import type { Model } from '../../../src/ir/model.js';
import { stringsTensor, tensorOf } from '../../../src/ir/numbers.js';
import { elementCount, type Tensor } from '../../../src/ir/tensor.js';
import { type DataType, dataTypes } from '../../../src/ir/types.js';
import type { Tensors } from '../../../src/runtime/protocol.js';
import { toTensorData } from '../../../src/runtime/tensor-data.js';
import { Random } from '../../../src/validate/inputs/random.js';

/** What an element is now and then, where inputs are odd. */
const odd = [0, 0, -0, 1e4, -1e4, 1e-8, Number.POSITIVE_INFINITY, 1];

/** Sets of inputs; the last has odd numbers. Inputs with a default are left out of the first. */
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
    feed(model, first, random, false, true),
    feed(model, second, random, false, false),
    feed(model, second, random, true, false),
  ];
}

function feed(
  model: Model,
  sizes: ReadonlyMap<string, number>,
  random: Random,
  isOdd: boolean,
  leavesOut: boolean,
): Tensors {
  const given = model.graph.inputs.filter(({ defaultTensor }) => !defaultTensor || !leavesOut);
  const size = (dim: Dim): number => (typeof dim === 'number' ? dim : (sizes.get(dimText(dim)) ?? 2));
  return Object.fromEntries(
    given.map(({ name, elem, shape }) => [
      name,
      toTensorData(drawn(elem as DataType, (shape ?? []).map(size), random, isOdd)),
    ]),
  );
}

function drawn(elem: DataType, shape: readonly number[], random: Random, isOdd: boolean): Tensor {
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
    return isOdd && random.next() < 0.1 ? (odd[random.int(0, odd.length)] as number) : random.normal();
  };
  return tensorOf(elem, Array.from({ length: count }, element), shape);
}
