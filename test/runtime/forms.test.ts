/** Every form that a kernel is said to want: onnxruntime refuses what lacks it, or computes it wrongly, and takes what has it. */
import { describe, expect, it } from 'vitest';
import { type Attribute, float } from '../../src/ir/attribute.js';
import { buildModel } from '../../src/ir/build.js';
import { callOf } from '../../src/ir/targets/kernel-call.js';
import { tensorOf } from '../../src/ir/tensors/numbers.js';
import { elementCount } from '../../src/ir/tensors/tensor.js';
import type { DataType } from '../../src/ir/types.js';
import { writeModel } from '../../src/onnx/write.js';
import { kernelForms, unfit } from '../../src/runtime/forms/index.js';
import { RuntimeProcess } from '../../src/runtime/isolate.js';
import type { TensorData } from '../../src/runtime/protocol.js';
import { toTensorData } from '../../src/runtime/tensor-data.js';

/** An input: dims of float32, or of another type with the number that fills it; none where it is left out. */
type Input = readonly number[] | readonly [DataType, readonly number[], number] | undefined;
type Attributes = Readonly<Record<string, number | Attribute>>;

interface Border {
  readonly op: string;
  readonly expected: string;
  readonly attributes: Attributes;
  readonly taken: readonly Input[];
  readonly refused: readonly Input[];
  /** Where the attributes are what is refused. */
  readonly refusedAttributes?: Attributes;
  /** The kernel takes it all the same, and gives something of another shape than the operator's. */
  readonly isWrong?: boolean;
  /** The kernel takes it all the same, and gives the numbers that it gives under these attributes. */
  readonly givesThatOf?: Attributes;
}

const int32 = (shape: readonly number[], value: number): Input => ['int32', shape, value];
const int64 = (shape: readonly number[], value = 0): Input => ['int64', shape, value];
const q = [2, 3, 16];
const k = [2, 5, 16];
const none = undefined;
const heads = { num_heads: 2 };
const lengths = (count = 2): Input[] => [int32([count], 3), int32([], 4)];
const groups = { num_heads: 4, kv_num_heads: 2 };
const [gq, gk] = [
  [2, 4, 32],
  [2, 4, 16],
];
const cache = [2, 2, 3, 8];
const ms = 'com.microsoft ';
const x = [2, 3, 8];

const border =
  (op: string, attributes: Attributes, taken: readonly Input[]) =>
  (expected: string, refused: readonly Input[], more: Partial<Border> = {}): Border => ({
    op,
    expected,
    attributes,
    taken,
    refused,
    ...more,
  });

const multiHead = border(`${ms}MultiHeadAttention`, heads, [q, k, [2, 5, 8], none, none, [1, 1, 3, 5]]);
const fourAxes = border(`${ms}MultiHeadAttention`, heads, [q, [2, 2, 5, 8], [2, 2, 5, 8], none, none, [2, 2, 3, 5]]);
const groupQuery = border(`${ms}GroupQueryAttention`, groups, [
  gq,
  gk,
  gk,
  none,
  none,
  ...lengths(),
  none,
  none,
  none,
  [1, 1, 4, 4],
]);
const packed = border(`${ms}Attention`, heads, [[2, 4, 16], [16, 48], [48], none, none, [1, 1, 4, 4]]);
const standard = border('Attention', { q_num_heads: 4, kv_num_heads: 2 }, [
  [2, 3, 32],
  [2, 5, 16],
  [2, 5, 8],
  [3, 5],
]);
const axes = border('Attention', {}, [
  [2, 2, 3, 8],
  [2, 2, 5, 8],
  [2, 2, 5, 4],
  [1, 1, 3, 5],
]);
const rotary = border(`${ms}RotaryEmbedding`, heads, [[2, 3, 16], int64([1]), [3, 4], [3, 4]]);
const partial = border(`${ms}RotaryEmbedding`, { ...heads, rotary_embedding_dim: 4 }, [
  [2, 2, 3, 8],
  int64([2, 3]),
  [3, 2],
  [3, 2],
]);
const epsilon = { epsilon: float(1e-5) };
const skip = border(`${ms}SkipLayerNormalization`, epsilon, [x, [1, 3, 8], [8], [8], [8]]);
const skipSimple = border(`${ms}SkipSimplifiedLayerNormalization`, epsilon, [[3, 8], [3, 8], [8], [8]]);
const norms = ['LayerNormalization', 'RMSNormalization', 'SimplifiedLayerNormalization'];
const bytes = (...shape: number[]): Input => ['uint8', shape, 3];
const blocks = border(`${ms}MatMulNBits`, { K: 20, N: 8, bits: 4, block_size: 16 }, [[3, 20], bytes(8, 2, 8), [16]]);

const SCALE = 1 / Math.sqrt(8);
const unscaled = (op: ReturnType<typeof border>, given: Attributes, inputs: readonly Input[], scale = SCALE): Border =>
  op('a scale other than 0', inputs, {
    refusedAttributes: { ...given, scale: float(0) },
    givesThatOf: { ...given, scale: float(scale) },
  });
const uncapped = (op: ReturnType<typeof border>, given: Attributes, inputs: readonly Input[]): Border =>
  op('a soft cap that is not negative', inputs, {
    refusedAttributes: { ...given, softcap: float(-5) },
    givesThatOf: given,
  });

const borders: readonly Border[] = [
  unscaled(multiHead, heads, [q, k, k]),
  unscaled(groupQuery, groups, [gq, gk, gk, none, none, ...lengths()]),
  unscaled(packed, heads, [[2, 4, 16], [16, 48], [48]]),
  axes(
    'a scale above 0',
    [
      [2, 2, 3, 8],
      [2, 2, 5, 8],
      [2, 2, 5, 8],
    ],
    { refusedAttributes: { scale: float(-1) } },
  ),
  uncapped(groupQuery, groups, [gq, gk, gk, none, none, ...lengths()]),
  uncapped(axes, {}, [
    [2, 2, 3, 8],
    [2, 2, 5, 8],
    [2, 2, 5, 8],
  ]),
  multiHead('a query [batch, queries, features]', [[2, 2, 3, 8], k, k]),
  multiHead('features that are a multiple of the heads', [
    [2, 3, 15],
    [2, 5, 15],
    [2, 5, 16],
  ]),
  multiHead('key and value both [batch, keys, features] or both [batch, heads, keys, size]', [q, k, [2, 2, 5, 8]]),
  multiHead('query, key and value of one batch', [q, [1, 5, 16], [1, 5, 16]]),
  multiHead('as many keys as values', [q, k, [2, 4, 16]]),
  multiHead('a key as wide as the query', [q, [2, 5, 8], k]),
  fourAxes('values as wide as keys where heads are an axis', [q, [2, 2, 5, 8], [2, 2, 5, 4]]),
  multiHead('values whose features are a multiple of the heads', [q, k, [2, 5, 9]]),
  multiHead('a bias [batch or 1, heads or 1, queries, keys]', [q, k, k, none, none, [1, 1, 1, 5]]),
  groupQuery('query, key and value [batch, rows, features]', [
    gq,
    [2, 2, 4, 8],
    [2, 2, 4, 8],
    none,
    none,
    ...lengths(),
  ]),
  groupQuery('query, key and value of one batch', [gq, [1, 4, 16], [1, 4, 16], none, none, ...lengths()]),
  groupQuery('as many keys as queries', [gq, [2, 5, 16], [2, 5, 16], none, none, ...lengths()]),
  groupQuery('key and value of one width', [gq, gk, [2, 4, 32], none, none, ...lengths()]),
  groupQuery('heads that are a multiple of the heads of keys', [[2, 4, 24], gk, gk, none, none, ...lengths()], {
    refusedAttributes: { num_heads: 3, kv_num_heads: 2 },
  }),
  groupQuery('heads whose size is a multiple of 8', [[2, 4, 24], [2, 4, 12], [2, 4, 12], none, none, ...lengths()]),
  groupQuery('one query or one batch behind a cache', [gq, gk, gk, cache, cache, int32([2], 6), int32([], 7)]),
  groupQuery('a length for each batch', [gq, gk, gk, none, none, ...lengths(1)]),
  groupQuery('a bias [batch or 1, heads or 1, queries, keys]', [
    gq,
    gk,
    gk,
    none,
    none,
    ...lengths(),
    none,
    none,
    none,
    [1, 2, 4, 4],
  ]),
  packed('an input [batch, rows, features]', [[4, 16], [16, 48], [48]]),
  packed('weights with a row for each feature of the input', [[2, 4, 16], [8, 48], [48]]),
  packed('a bias, one number for each column of the weights', [
    [2, 4, 16],
    [16, 48],
    [1, 48],
  ]),
  // Without one the process ends.
  packed('a bias, one number for each column of the weights', [
    [2, 4, 16],
    [16, 48],
  ]),
  packed('columns that are a multiple of three times the heads', [[2, 4, 16], [16, 45], [45]]),
  packed('a bias of the scores [batch or 1, heads or 1, rows, rows]', [[2, 4, 16], [16, 48], [48], none, none, [4, 4]]),
  standard('query, key and value all of rank 3 or all of rank 4', [
    [2, 4, 3, 8],
    [2, 5, 16],
    [2, 5, 16],
  ]),
  standard('q_num_heads and kv_num_heads where heads are no axis', [q, k, k], { refusedAttributes: {} }),
  standard('heads of the query that are a multiple of those of the key', [[2, 3, 24], k, k], {
    refusedAttributes: { q_num_heads: 3, kv_num_heads: 2 },
  }),
  axes('query, key and value of one batch', [
    [2, 2, 3, 8],
    [1, 2, 5, 8],
    [1, 2, 5, 8],
  ]),
  axes('as many keys as values', [
    [2, 2, 3, 8],
    [2, 2, 5, 8],
    [2, 2, 4, 8],
  ]),
  axes('heads of query and key of one size', [
    [2, 2, 3, 8],
    [2, 2, 5, 4],
    [2, 2, 5, 8],
  ]),
  axes('a bias of rank 2 to 4 whose last axes are queries and keys', [
    [2, 2, 3, 8],
    [2, 2, 5, 8],
    [2, 2, 5, 8],
    [1, 5],
  ]),
  rotary('an input of rank 3 or 4', [[3, 8], int64([1]), [3, 4], [3, 4]]),
  rotary('features that are a multiple of the heads', [[2, 3, 16], int64([1]), [3, 4], [3, 4]], {
    refusedAttributes: { num_heads: 3 },
  }),
  rotary('tables [rows, width]', [[2, 3, 16], int64([1]), [3, 4], [4, 4]]),
  partial('num_heads where a part of a head is rotated', [[2, 2, 3, 8], int64([1]), [3, 2], [3, 2]], {
    refusedAttributes: { rotary_embedding_dim: 4 },
  }),
  rotary('tables half as wide as what is rotated', [[2, 3, 16], int64([1]), [3, 3], [3, 3]]),
  rotary('tables with a row for each position', [[2, 3, 16], int64([1]), [2, 4], [2, 4]]),
  partial('positions: one number, or [batch, rows]', [[2, 2, 3, 8], int64([1, 3]), [3, 2], [3, 2]]),
  ...[skip, skipSimple].flatMap((norm, simple) => {
    const w: Input[] = simple ? [[8]] : [[8], [8]];
    return [
      norm('an input of rank 2 or 3', [[2, 2, 3, 8], [2, 2, 3, 8], ...w]),
      norm('two operands of one shape, or a second one without the batch', [x, [2, 1, 8], ...w]),
      norm('two operands of one shape, or a second one without the batch', [[1, 3, 8], x, ...w], { isWrong: true }),
      norm('a scale of one number for each feature', [x, x, [1, 8], ...w.slice(1)]),
      norm('a bias of the sum of one number for each feature', [x, x, ...w, [1]]),
    ];
  }),
  skip('a bias of one number for each feature', [x, x, [8], [1]]),
  ...norms.map((op) => border(op, {}, [x, [3, 1]])('a scale that broadcasts to the input', [x, [7]])),
  border('LayerNormalization', {}, [x, [8], [1, 1, 8]])('a bias that broadcasts to the input', [x, [8], [7]]),
  border(`${ms}BiasGelu`, {}, [x, [8]])('a bias of one number for each feature', [x, [1]]),
  border(`${ms}FastGelu`, {}, [x, [8]])('a bias of one number for each feature', [x, [1]]),
  blocks('blocks of 16, 32, 64, 128 or 256', [[3, 20], bytes(8, 3, 4), [24]], {
    refusedAttributes: { K: 20, N: 8, bits: 4, block_size: 8 },
  }),
  blocks('2, 4 or 8 bits', [[3, 20], bytes(8, 2, 6), [16]], {
    refusedAttributes: { K: 20, N: 8, bits: 3, block_size: 16 },
  }),
  blocks('an input with K columns', [[3, 19], bytes(8, 2, 8), [16]]),
  blocks('weights [N, blocks, bytes of a block]', [[3, 20], bytes(8, 16), [16]]),
  border('MatMulInteger', {}, [bytes(3, 8), bytes(8, 4), bytes(1), bytes(4)])('one zero point of the left operand', [
    bytes(3, 8),
    bytes(8, 4),
    bytes(3),
  ]),
];

const tensorIn = (input: Input) => {
  if (!input) return undefined;
  const [type, shape, fill] =
    typeof input[0] === 'string'
      ? (input as readonly [DataType, readonly number[], number])
      : (['float32', input as readonly number[], 0.5] as const);
  return tensorOf(
    type,
    Array.from({ length: elementCount(shape) }, (_, i) => (type === 'float32' ? Math.sin(i + fill) : fill)),
    shape,
  );
};

const split = (op: string): [string, string] => (op.startsWith(ms) ? [ms.trim(), op.slice(ms.length)] : ['', op]);

function modelOf(op: string, inputs: readonly Input[], attributes: Attributes) {
  const [domain, opType] = split(op);
  const tensors = inputs.map(tensorIn);
  // Dims are not declared: what is refused, the kernel refuses.
  const model = buildModel({ '': opType === 'SimplifiedLayerNormalization' ? 17 : 23, 'com.microsoft': 1 }, (g) => {
    const values = tensors.map(
      (tensor, i) =>
        tensor &&
        g.input(
          `x${i}`,
          tensor.type,
          tensor.shape.map((_, axis) => `d${i}_${axis}`),
        ),
    );
    g.output('y', g.op(opType, values, attributes, { domain }));
  });
  const feeds = Object.fromEntries(tensors.flatMap((tensor, i) => (tensor ? [[`x${i}`, toTensorData(tensor)]] : [])));
  const types = tensors.map(
    (tensor) => tensor && ({ kind: 'tensor', elem: tensor.type, shape: tensor.shape } as const),
  );
  const call = { ...callOf(model.graph.nodes()[0] as never), inputs: types };
  return { model, feeds, call };
}

const runtime = RuntimeProcess.start();

async function run({ model, feeds }: ReturnType<typeof modelOf>): Promise<TensorData> {
  const session = await (await runtime).load(await writeModel(model), { provider: 'cpu', threads: 1 });
  const { outputs } = await session.run(feeds).finally(() => session.release());
  return outputs['y'] as TensorData;
}

describe('forms of kernels', () => {
  it.each(borders)(
    '$op: $expected',
    async ({ op, expected, attributes, taken, refused, refusedAttributes, isWrong, givesThatOf }) => {
      const good = modelOf(op, taken, attributes);
      expect(unfit(good.call)).toBeUndefined();
      await run(good);
      const bad = modelOf(op, refused, refusedAttributes ?? attributes);
      expect(unfit(bad.call)).toBe(`${split(op)[1]} expects ${expected}`);
      if (isWrong) expect((await run(bad)).shape).not.toEqual(refused[1]);
      else if (givesThatOf) expect(await run(bad)).toEqual(await run(modelOf(op, refused, givesThatOf)));
      else await expect(run(bad)).rejects.toThrow();
    },
  );

  it('each have a test', () => {
    const tested = new Set(borders.map(({ op, expected }) => `${op}: ${expected}`));
    expect(kernelForms().filter((form) => !tested.has(form))).toEqual([]);
  });

  it('are not refuted by sizes that are not known', () => {
    for (const { op, taken, attributes } of borders) {
      const { model } = modelOf(op, taken, attributes);
      expect(unfit(callOf(model.graph.nodes()[0] as never))).toBeUndefined();
    }
  });
});
