/** What rows say that outputs lie between: nothing that the runtime gives lies outside, infinities and float16 included. */
import { describe, expect, test } from 'vitest';
import { inferTypes } from '../../src/infer/index.js';
import { buildModel } from '../../src/ir/build.js';
import type { Node } from '../../src/ir/node.js';
import { numbersOf } from '../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../src/ir/tensors/tensor.js';
import { type DataType, dataTypes } from '../../src/ir/types.js';
import { cast, exactly, fitted, type Interval, intervalOf } from '../../src/ops/interval.js';
import { rowOf } from '../../src/ops/registry.js';
import { Random } from '../../src/validate/inputs/random.js';
import { needed, OPSET, runOp, schemas, tensor } from './one-op.js';

const COUNT = 16;
const CASES = 24;
const random = new Random(63);

const { NEGATIVE_INFINITY: MINUS } = Number;
/** Where the numbers of a case begin, and how far they go. */
const starts: Partial<Record<DataType, readonly number[]>> = {
  float32: [MINUS, -3.4e38, -1e9, -100, -1.5, -0.3, 0, 1e-3, 0.5, 2.5, 40],
  float16: [MINUS, -65504, -1e4, -100, -1.5, -0.3, 0, 1e-3, 0.5, 2.5, 40],
  int32: [-(2 ** 31), -100, -3, 0, 1, 7],
  bool: [0, 1],
};
const lengths: Partial<Record<DataType, readonly number[]>> = {
  float32: [0, 0.01, 1, 7, 1e9],
  float16: [0, 0.01, 1, 7, 1e4],
  int32: [0, 1, 9],
  bool: [0, 1],
};

/** Numbers of the type, those at both ends among them. */
function drawn(type: DataType): Tensor {
  const own = starts[type] as readonly number[];
  const reach = lengths[type] as readonly number[];
  const low = own[random.int(0, own.length)] as number;
  const high = (low === MINUS ? -1e4 : low) + (reach[random.int(0, reach.length)] as number);
  const from = low === MINUS ? -2e4 : low;
  const numbers = Array.from({ length: COUNT }, (_, i) =>
    i === 0 ? low : i === 1 ? high : from + random.next() * (high - from),
  );
  const isWhole = type === 'int32' || type === 'bool';
  return tensor(
    type,
    numbers.map((x) => (isWhole ? Math.min(Math.trunc(x), type === 'bool' ? 1 : 2 ** 31 - 1) : x)),
  );
}

/** A node of the op on inputs of these types. */
function nodeOn(opType: string, types: readonly DataType[], attributes = needed[opType]): Node {
  const model = buildModel({ '': OPSET }, (g) => {
    const inputs = types.map((type, index) => g.input(`x${index}`, type, [COUNT]));
    g.output('y', g.op(opType, inputs, attributes));
  });
  inferTypes(model);
  return model.graph.outputs[0]?.producer as Node;
}

const holds = (claim: Interval, x: number): boolean =>
  x >= claim.low && x <= claim.high && (x === MINUS || x >= claim.finite);

/** Runs calls, and compares; how many of them something was said of. */
async function compare(node: Node, calls: readonly (readonly Tensor[])[], attributes = needed[node.opType]) {
  const { opType, output } = node;
  const results = await runOp(opType, calls, attributes);
  let count = 0;
  for (const [at, call] of calls.entries()) {
    const given = call.map((one) => intervalOf(numbersOf(one)));
    const claim = fitted(
      rowOf(node)?.range?.((index) => given[index], node),
      output.elem,
    );
    const result = results?.[at];
    if (!claim || !result) continue;
    count++;
    const outside = [...numbersOf(result)].filter((x) => !holds(claim, x));
    const from = given.map((one) => `[${one?.low}, ${one?.high}]`).join(' ');
    const text = `${opType} to ${output.elem} of ${call[0]?.type} in ${from} is said to lie in [${claim.low}, ${claim.high}]`;
    expect.soft(outside, text).toEqual([]);
  }
  return count;
}

const types = ['float32', 'float16', 'int32', 'bool'] as const;

describe('ranges of rows', () => {
  test('hold for all that the runtime gives', async () => {
    const said = new Map<string, number>();
    for (const { opType, inputs } of schemas) {
      if (!rowOf({ domain: '', opType })?.range) continue;
      const isClip = opType === 'Clip';
      const count = isClip ? 3 : inputs[0]?.isVariadic ? 2 : inputs.length;
      for (const type of types) {
        const own = Array.from({ length: count }, (_, i) => (opType === 'Where' && i === 0 ? 'bool' : type));
        const bound = () => tensor(type, [random.int(-3, 4)], []);
        const calls = Array.from({ length: CASES }, () =>
          own.map((one, i) => (isClip && i > 0 ? bound() : drawn(one))),
        );
        said.set(opType, (said.get(opType) ?? 0) + (await compare(nodeOn(opType, own), calls)));
      }
    }
    expect([...said].filter(([, cases]) => cases < 16)).toEqual([]);
    expect(said.size).toBeGreaterThan(30);
  });

  test('hold for casts, which overflow to infinity', async () => {
    for (const from of types)
      for (const to of [...types, 'float64', 'int64', 'int8'] as const) {
        const attributes = { to: dataTypes[to].code };
        const calls = Array.from({ length: CASES }, () => [drawn(from)]);
        await compare(nodeOn('Cast', [from], attributes), calls, attributes);
      }
    const beyond = [fitted(exactly(Number.POSITIVE_INFINITY), 'float32'), fitted(exactly(2 ** 60), 'int64')];
    expect(beyond, 'neither plus infinity nor integers that doubles do not tell apart').toEqual([undefined, undefined]);
    const masked = cast(exactly(-1e9), 'float16');
    expect([masked?.high, cast(exactly(-65504), 'float16')?.low, cast(exactly(-3.4e38), 'bfloat16')?.high]).toEqual([
      MINUS,
      -65504,
      MINUS,
    ]);
  });
});
