/** com.microsoft operators other than attention. */
import { fromStart } from '../../ir/axes.js';
import { floorDivide, multiplyDims } from '../../ir/dims.js';
import { dataTypeOfCode } from '../../ir/types.js';
import type { Call, Rule } from '../call.js';
import { broadcastInputs, broadcastShapes, like } from '../shapes.js';
import { conv, globalPool, pool, poolChannelsLast } from './convolution.js';
import { gridSample } from './image.js';
import { concatenatedShape } from './joining.js';
import { fusedMatMul, gemm, matMul } from './matrix.js';
import { dequantizeLinear, quantizeLinear } from './quantization.js';
import { recurrence } from './recurrent.js';
import { reducedShape } from './reduction.js';

const channelsLast = (call: Call): boolean => call.int('channels_last', 0) !== 0;

/** [rows, K] times a packed [N, …] weight. */
const packedMatMul: Rule = (call) => {
  const shape = call.shape(0);
  call.set(0, shape && [...shape.slice(0, -1), call.int('N')]);
};

const skipNormalization: Rule = (call) => {
  const shape = call.shape(0);
  call.set(0, shape);
  const statistics = shape && [...shape.slice(0, -1), 1];
  call.set(1, statistics);
  call.set(2, statistics);
  call.set(3, shape);
};

const embedLayerNormalization: Rule = (call) => {
  const [batch, length] = [call.dim(0, 0), call.dim(0, 1)];
  const shape = [batch, length, call.dim(2, 1)];
  call.set(0, shape);
  call.set(1, [batch], 'int32');
  call.set(2, shape);
};

const quantizedPair: Rule = (call) => call.set(0, broadcastShapes(call.shape(0), call.shape(3)));

/** Behind the scale and zero point of the result: a tensor, its scale and its zero point, and so on. */
const quantizedConcat: Rule = (call) => {
  const parts = Array.from({ length: Math.floor((call.inputCount - 2) / 3) }, (_, index) => call.shape(2 + 3 * index));
  call.set(0, concatenatedShape(parts, call.int('axis', 1)), call.elem(1));
};

const halves: Rule = (call) => {
  const shape = call.shape(0);
  const last = shape?.at(-1);
  call.set(0, shape && [...shape.slice(0, -1), last === undefined ? undefined : floorDivide(last, 2)]);
};

const reduce: Rule = (call) => call.set(0, reducedShape(call, call.ints('axes'), call.int('keepdims', 1) !== 0));

const gatherBlockQuantized: Rule = (call) => {
  const data = call.shape(0);
  const indices = call.shape(1);
  const axis = fromStart(call.int('gather_axis', 0), data?.length ?? 0);
  if (!data || !indices) return;
  // Bytes hold several numbers, along the last axis.
  const held = call.elem(0) === 'uint8' ? 8 / call.int('bits', 4) : 1;
  const dims = data.map((dim, at) => (at === data.length - 1 ? multiplyDims(dim, held) : dim));
  call.set(0, [...dims.slice(0, axis), ...indices, ...dims.slice(axis + 1)]);
};

const names = (text: string, rule: Rule): Readonly<Record<string, Rule>> =>
  Object.fromEntries(text.split(' ').map((name) => [name, rule]));

export const microsoft: Readonly<Record<string, Rule>> = {
  ...names('BiasGelu FastGelu Gelu QuickGelu BiasSoftmax BiasAdd GroupNorm Inverse Trilu QLinearLeakyRelu', like()),
  ...names('QLinearSigmoid QLinearSoftmax RotaryEmbedding', like()),
  ...names('ComplexMul ComplexMulConj', (call) => call.set(0, broadcastInputs(call))),
  ...names('BiasDropout BitmaskDropout', (call) => call.set(0, call.shape(0))),
  ...names('SkipLayerNormalization SkipSimplifiedLayerNormalization', skipNormalization),
  ...names('FusedMatMul TransposeMatMul FusedMatMulActivation', fusedMatMul),
  ...names('MatMulNBits MatMulBnb4', packedMatMul),
  ...names('MatMulIntegerToFloat DynamicQuantizeMatMul MatMulInteger16', matMul()),
  ...names('QLinearAdd QLinearMul', quantizedPair),
  ...names(
    'NhwcConv NhwcFusedConv',
    conv(1, () => true),
  ),
  ...names('MoE QMoE', like()),
  BiasSplitGelu: halves,
  CDist: (call) => call.set(0, [call.dim(0, 0), call.dim(1, 0)]),
  ConvTransposeWithDynamicPads: (call) =>
    call.set(
      0,
      call.shape(0)?.map(() => undefined),
    ),
  DequantizeLinear: dequantizeLinear,
  DynamicQuantizeLSTM: recurrence(2, (call) => call.int('hidden_size')),
  EmbedLayerNormalization: embedLayerNormalization,
  FusedConv: conv(),
  FusedGemm: gemm,
  GatherBlockQuantized: gatherBlockQuantized,
  GemmFloat8: (call) => {
    gemm(call);
    call.set(0, call.shapeOf(0), dataTypeOfCode(call.int('dtype', 1)));
  },
  GridSample: gridSample,
  NhwcMaxPool: poolChannelsLast,
  QEmbedLayerNormalization: embedLayerNormalization,
  QGemm: (call) => {
    const [a, b] = [call.shape(0), call.shape(3)];
    call.set(0, [a?.[call.int('transA', 0) ? 1 : 0], b?.[call.int('transB', 0) ? 0 : 1]], call.elem(8) ?? 'float32');
  },
  QLinearAveragePool: pool,
  QLinearConcat: quantizedConcat,
  QLinearConv: conv(3, channelsLast),
  QLinearGlobalAveragePool: globalPool,
  QLinearReduceMean: reduce,
  QLinearWhere: (call) => call.set(0, broadcastShapes(call.shape(0), broadcastShapes(call.shape(1), call.shape(4)))),
  QuantizeLinear: quantizeLinear,
  ReduceSumInteger: reduce,
  SkipGroupNorm: (call) => {
    call.set(0, call.shape(0));
    call.set(1, call.shape(0));
  },
};
