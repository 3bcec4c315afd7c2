/** Checks the rows' claims of being elementwise, odd or even for every operator of ai.onnx, by running it. */
import { describe, expect, test } from 'vitest';
import { type AttributeLike, float } from '../../src/ir/attribute.js';
import { numbersOf } from '../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../src/ir/tensors/tensor.js';
import type { DataType } from '../../src/ir/types.js';
import { rowOf } from '../../src/ops/registry.js';
import { Random } from '../../src/validate/inputs/random.js';
import { runOp, schemas, tensor, typesOf } from './one-op.js';

const SHAPE = [1, 2, 1, 3];
const COUNT = 6;
const TRIES = 16;

const random = new Random(63);
const draws: Partial<Record<DataType, () => number>> = {
  bool: () => random.int(0, 2),
  float32: () => random.int(1, 4) / 4,
};
const drawn = (type: DataType): number[] => Array.from({ length: COUNT }, draws[type] ?? (() => random.int(1, 9)));

const changes: Partial<Record<DataType, readonly ((x: number) => number)[]>> = {
  bool: [(x) => 1 - x],
  float32: [(x) => x + 1.5, (x) => 1 - x, (x) => -x, () => Number.NaN, () => Number.POSITIVE_INFINITY],
};
const increment = [(x: number) => x + 1];

const textsOf = (tensor: Tensor): readonly string[] =>
  tensor.strings?.map((text) => new TextDecoder().decode(text)) ?? [...numbersOf(tensor)].map(String);

/** By changing one element of one input; undefined where the runtime does not run it on inputs of one shape. */
async function worksElementByElement(opType: string, types: readonly DataType[]): Promise<boolean | undefined> {
  const calls = Array.from({ length: TRIES }, (_, which) => {
    const before = types.map(drawn);
    const [at, input] = [which % COUNT, which % types.length];
    const after = before.map((numbers, i) => {
      const own = changes[types[i] as DataType] ?? increment;
      const change = own[which % own.length] as (x: number) => number;
      return i === input ? numbers.map((x, j) => (j === at ? change(x) : x)) : numbers;
    });
    return [before, after].map((numbers) => numbers.map((one, i) => tensor(types[i] as DataType, one, SHAPE)));
  });
  const results = await runOp(opType, calls.flat());
  if (!results) return undefined;
  if (results.some(({ shape }) => shape.join() !== SHAPE.join())) return false;
  const differing = calls.map((_, which) => {
    const [a, b] = [2 * which, 2 * which + 1].map((at) => textsOf(results[at] as Tensor)) as [string[], string[]];
    return a.flatMap((x, at) => (x === b[at] ? [] : [at]));
  });
  return (
    differing.every((places, which) => places.every((at) => at === which % COUNT)) &&
    differing.some(({ length }) => length > 0)
  );
}

/** They look so here: what they give depends on the place, they draw where they train, or they take other things too. */
const seemingly = ['Dropout', 'OptionalGetElement', 'TensorScatter', 'Trilu'];
/** The runtime has no kernel for it on the CPU. */
const untried = ['Swish'];

/** Attributes with which an operator is neither odd nor even, though it is with those that it has by default. */
const unevenBy: Readonly<Record<string, Readonly<Record<string, AttributeLike>>>> = {
  Shrink: { lambd: float(-0.5), bias: float(1) },
};

describe('rows of ai.onnx', () => {
  test('say of every operator whether it works element by element', async () => {
    const claimed: string[] = [];
    const found: string[] = [];
    const refused: string[] = [];
    for (const schema of schemas) {
      const { opType } = schema;
      const isClaimed = rowOf({ domain: '', opType })?.isElementwise === true;
      if (isClaimed) claimed.push(opType);
      const types = typesOf(schema);
      const isSo = types?.length ? await worksElementByElement(opType, types) : undefined;
      if (isSo) found.push(opType);
      else if (isClaimed && isSo === undefined) refused.push(opType);
    }
    expect(found.filter((opType) => !seemingly.includes(opType)).sort()).toEqual(
      claimed.filter((opType) => !refused.includes(opType)).sort(),
    );
    expect(refused.sort()).toEqual(untried);
  });

  test('say of every function of one float whether it is odd or even', async () => {
    const numbers = [0, 0.25, 0.5, 0.75, 1, 1.5, 2.5, 7, 1e4, Number.POSITIVE_INFINITY];
    const parities = new Map<string, string | undefined>();
    for (const schema of schemas) {
      const { opType } = schema;
      const row = rowOf({ domain: '', opType });
      const [first, second] = schema.inputs;
      if (!row?.isElementwise || opType === 'Cast' || second || first?.isVariadic) continue;
      if (typesOf(schema)?.join() !== 'float32') continue;
      const calls = [numbers, numbers.map((x) => -x)].map((one) => [tensor('float32', one)]);
      const [plus, minus] = (await runOp(opType, calls, unevenBy[opType])) ?? [];
      if (plus?.type !== 'float32' || !minus) continue;
      const [a, b] = [numbersOf(plus), numbersOf(minus)];
      const isClose = (x: number, y: number) => Object.is(x, y) || x === y || Math.abs(x - y) <= 1e-6 * Math.abs(x);
      const holds = (sign: number) =>
        numbers.every(
          (x, i) => (x === 0 && !Number.isFinite(a[i] as number)) || isClose(a[i] as number, sign * (b[i] as number)),
        );
      parities.set(opType, holds(-1) ? 'odd' : holds(1) ? 'even' : undefined);
      expect.soft(row.parity, opType).toBe(parities.get(opType));
    }
    expect(parities.size).toBeGreaterThan(30);
  });
});
