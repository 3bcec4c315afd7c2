/** Runs emulated models as those who compare do. */
import type { GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { type DataType, dataTypes } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { writeModel } from '../../../src/onnx/write.js';
import { fromTensorData, toTensorData } from '../../../src/runtime/tensor-data.js';
import { emulated } from '../../../src/validate/emulate/index.js';
import { generator } from '../../check-pass.js';
import { runModel, type Tensors } from '../../run-model.js';

const mapped = <A, B>(all: Readonly<Record<string, A>>, of: (one: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(all).map(([name, one]) => [name, of(one)]));

/** What a model gives in its target's arithmetic. Fails where it has no emulation. */
export async function runEmulated(original: Model, feeds: Tensors): Promise<Tensors> {
  const emulation = emulated(original);
  if (!emulation) throw new Error('expected an emulation; found none');
  const { model, takes, gives } = emulation;
  const found = await runModel(await writeModel(model), mapped(takes(mapped(feeds, toTensorData)), fromTensorData));
  return mapped(gives(mapped(found, toTensorData)), fromTensorData);
}

export const cast = (g: GraphBuilder, value: Value, to: DataType): Value =>
  g.op('Cast', [value], { to: dataTypes[to].code });

/** Seeded numbers between −1 and 1. */
export function spread(count: number, seed = 1): number[] {
  const next = generator(seed);
  return Array.from({ length: count }, () => next() * 2 - 1);
}
