/** What rows say to passes that narrow floats, where the runtime can be asked: how large results are, and whether they need rounding. */
import { describe, expect, test } from 'vitest';
import { castTensor, numbersOf } from '../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../src/ir/tensors/tensor.js';
import { rowOf } from '../../src/ops/registry.js';
import { Random } from '../../src/validate/inputs/random.js';
import { runOp, schemas, tensor, typesOf } from './one-op.js';

const SHAPE = [1, 2, 3, 4];
const COUNT = 24;
const random = new Random(63);

/** Numbers of bfloat16's digits: up to 5000 in magnitude, or, of weights, up to 0.5. */
const drawn = (index: number): Tensor => {
  const numbers = Array.from(
    { length: COUNT },
    () => (random.next() - 0.5) * 10 ** random.int(-2, index === 0 ? 5 : 1),
  );
  return castTensor(castTensor(tensor('float32', numbers, SHAPE), 'bfloat16'), 'float32');
};

/** What every op of float inputs alone gives. */
async function* results(): AsyncIterable<readonly [opType: string, numbers: readonly number[]]> {
  for (const schema of schemas) {
    const types = typesOf(schema);
    const isFloat = types?.length && types.every((type) => type === 'float32');
    if (!isFloat || !rowOf({ domain: '', opType: schema.opType })) continue;
    const found = await runOp(
      schema.opType,
      Array.from({ length: 4 }, () => types.map((_, index) => drawn(index))),
    );
    if (found && found[0]?.type === 'float32') yield [schema.opType, found.flatMap((one) => [...numbersOf(one)])];
  }
}

/** Moves what it is given, or chooses from it. */
const isMover = (opType: string): boolean => rowOf({ domain: '', opType })?.moves !== undefined;

/** They round nothing here alone: of one input, with the attributes that they have by themselves, or of numbers far apart. */
const seemingly = ['Clip', 'Mean', 'Mod', 'ReduceLogSumExp', 'Shrink', 'Sum'];

describe('precision of rows', () => {
  test('is what the runtime gives', async () => {
    const [large, unrounded]: [string[], string[]] = [[], []];
    const [bounded, exact]: [string[], string[]] = [[], []];
    for await (const [opType, numbers] of results()) {
      const { size, isExact } = rowOf({ domain: '', opType })?.precision ?? {};
      const finite = numbers.filter(Number.isFinite);
      const isBounded = finite.every((x) => Math.abs(x) <= 64);
      const narrow = numbersOf(castTensor(castTensor(tensor('float32', finite), 'bfloat16'), 'float32'));
      const isUnrounded = finite.every((x, i) => x === narrow[i]);
      if (size === 'bounded') (isBounded ? bounded : large).push(opType);
      if (isExact || isMover(opType)) exact.push(opType);
      if (isUnrounded !== (isExact === true || isMover(opType))) unrounded.push(opType);
    }
    expect(large).toEqual([]);
    expect(unrounded.sort()).toEqual(seemingly);
    expect(bounded.length).toBeGreaterThan(10);
    expect(exact.length).toBeGreaterThan(8);
  });
});
