/** The table against the runtime that is installed: every op that passes emit is tried on the CPU in every float. */
import { describe, expect, it } from 'vitest';
import { float } from '../../src/ir/attribute.js';
import { type Attributes, buildModel, type GraphBuilder } from '../../src/ir/build.js';
import { type DataType, dataTypes } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { writeModel } from '../../src/onnx/write.js';
import { hasKernel } from '../../src/runtime/kernels.js';
import { randomFeeds } from '../check-pass.js';
import { runModel } from '../run-model.js';

type Float = 'float32' | 'float64' | 'float16' | 'bfloat16';
const floats: readonly Float[] = ['float32', 'float64', 'float16', 'bfloat16'];

/** What an op is tried on: float operands of these shapes, or operands made by hand. */
interface Trial {
  readonly opType: string;
  readonly domain?: string;
  readonly opset?: number;
  readonly shapes: readonly (readonly number[])[];
  readonly attributes?: Attributes;
  /** More inputs, behind the floats. */
  readonly rest?: (g: GraphBuilder, elem: Float) => (Value | undefined)[];
}

const microsoft = 'com.microsoft';
const image = [1, 2, 16];
const scale = [16];
const nodes = (opset: number, shapes: Trial['shapes'], ...names: string[]): Trial[] =>
  names.map((opType) => ({ opType, opset, shapes }));
const contrib = (opType: string, shapes: Trial['shapes'], more: Partial<Trial> = {}): Trial => ({
  opType,
  domain: microsoft,
  shapes,
  ...more,
});
const bytes = (g: GraphBuilder, shape: readonly number[], elem: DataType): Value =>
  g.constant(elem, new Array(shape.reduce((a, b) => a * b, 1)).fill(1), shape);

const trials: readonly Trial[] = [
  ...nodes(17, [image], 'Neg', 'Abs', 'Sqrt', 'Exp', 'Log', 'Erf', 'Tanh', 'Sigmoid', 'Relu', 'Softmax', 'IsNaN'),
  ...nodes(17, [image], 'Identity', 'Transpose', 'Flatten', 'Clip', 'ReduceMean', 'Sin', 'Cos'),
  ...nodes(17, [image, image], 'Add', 'Sub', 'Mul', 'Div', 'Pow', 'Max', 'Min'),
  ...nodes(17, [image, scale], 'LayerNormalization', 'SimplifiedLayerNormalization'),
  ...nodes(17, [image, [16, 4]], 'MatMul'),
  ...nodes(17, [[2, 16], [16, 4], [4]], 'Gemm'),
  ...nodes(23, [image, scale], 'RMSNormalization'),
  ...nodes(
    23,
    [
      [1, 2, 2, 8],
      [1, 2, 2, 8],
      [1, 2, 2, 8],
    ],
    'Attention',
  ),
  { opType: 'Gelu', opset: 20, shapes: [image] },
  { opType: 'Concat', shapes: [image, image], attributes: { axis: 1 } },
  { opType: 'Reshape', shapes: [image], rest: (g) => [g.ints(0, -1)] },
  { opType: 'Expand', shapes: [image], rest: (g) => [g.ints(2, 2, 16)] },
  { opType: 'Unsqueeze', shapes: [image], rest: (g) => [g.ints(0)] },
  { opType: 'Squeeze', shapes: [image], rest: (g) => [g.ints(0)] },
  { opType: 'Slice', shapes: [image], rest: (g) => [g.ints(0), g.ints(1), g.ints(1)] },
  { opType: 'Gather', shapes: [image], rest: (g) => [g.ints(0)] },
  { opType: 'Split', shapes: [image], rest: (g) => [g.ints(16)], attributes: { axis: -1 } },
  { opType: 'IsNaN', opset: 20, shapes: [image] },
  contrib('Gelu', [image]),
  contrib('FastGelu', [image]),
  contrib('QuickGelu', [image], { attributes: { alpha: float(1) } }),
  contrib('BiasGelu', [image, scale]),
  contrib('SkipLayerNormalization', [image, image, scale, scale]),
  contrib('SkipSimplifiedLayerNormalization', [image, image, scale]),
  contrib('FusedMatMul', [image, [16, 4]]),
  contrib('GroupNorm', [[1, 4, 4, 8]], {
    attributes: { groups: 2, activation: 0 },
    rest: (g) => [bytes(g, [8], 'float32'), bytes(g, [8], 'float32')],
  }),
  contrib('MultiHeadAttention', [image, image, image], { attributes: { num_heads: 2 } }),
  contrib('Attention', [image, [16, 48], [48]], { attributes: { num_heads: 2 } }),
  contrib('GroupQueryAttention', [image, [1, 2, 8], [1, 2, 8], [1, 1, 0, 8], [1, 1, 0, 8]], {
    attributes: { num_heads: 2, kv_num_heads: 1 },
    rest: (g) => [g.constant('int32', [1], [1]), g.constant('int32', [2], [1])],
  }),
  contrib('MatMulNBits', [], {
    attributes: { K: 32, N: 4, bits: 8, block_size: 32, accuracy_level: 4 },
    rest: (g, elem) => [bytes(g, [2, 32], elem), bytes(g, [4, 1, 32], 'uint8'), bytes(g, [4, 1], elem)],
  }),
  contrib('RotaryEmbedding', [image], {
    attributes: { num_heads: 2 },
    rest: (g, elem) => [bytes(g, [1, 2], 'int64'), bytes(g, [4, 4], elem), bytes(g, [4, 4], elem)],
  }),
  contrib('MatMulIntegerToFloat', [], {
    rest: (g, elem) => [bytes(g, [2, 4], 'uint8'), bytes(g, [4, 3], 'int8'), bytes(g, [], elem), bytes(g, [3], elem)],
  }),
  contrib('DynamicQuantizeMatMul', [[2, 4]], {
    rest: (g, elem) => [bytes(g, [4, 3], 'int8'), bytes(g, [3], elem)],
  }),
];

/** The op between Casts: the runtime takes no bfloat16 at a model's ports. */
function modelOf({ opType, domain = '', opset = 17, shapes, attributes, rest }: Trial, elem: Float) {
  return buildModel({ '': opset, [microsoft]: 1 }, (g) => {
    const cast = (value: Value, to: DataType): Value => g.op('Cast', [value], { to: dataTypes[to].code });
    const operands = shapes.map((shape, i) => cast(g.input(`x${i}`, 'float32', shape), elem));
    const inputs = [...operands, ...(rest?.(g, elem) ?? [])];
    // IsNaN gives bools, which cast alike.
    g.output('y', cast(g.op(opType, inputs, attributes, { domain }), 'float32'), 'float32');
  });
}

async function refusal(trial: Trial, elem: Float): Promise<string | undefined> {
  const model = modelOf(trial, elem);
  const inputs = randomFeeds(model);
  return runModel(await writeModel(model), inputs).then(
    () => undefined,
    (error: Error) => error.message,
  );
}

describe('the CPU provider', () => {
  it.each(trials.map((trial) => [`${trial.domain ? 'ms.' : ''}${trial.opType}`, trial] as const))(
    '%s',
    async (_name, trial) => {
      const { opType, domain = '', opset = 17 } = trial;
      for (const elem of floats) {
        const found = await refusal(trial, elem);
        const told = hasKernel('cpu', opType, domain, domain ? 1 : opset, elem);
        expect(found === undefined, `${elem}: ${found}`).toBe(told);
      }
    },
  );
});
