/** com.microsoft operators other than attention. */
import { fromStart } from '../../ir/dims/axes.js';
import { floorDivide, multiplyDims } from '../../ir/dims/dims.js';
import { dataTypeOfCode } from '../../ir/types.js';
import type { Call, InferRule } from '../call.js';
import { bounding, heavy, layer, places, scales } from '../precision.js';
import { alongLast, alongPacked, alongTurned, everyStep, intoKernel, overKernel, uncounted } from '../products.js';
import { alike, type Rows } from '../row.js';
import { broadcastInputs, broadcastShapes, like } from '../shapes.js';
import { convolutionWeights, fusedMatMulWeights, gemmWeights, tableWeights } from '../weights.js';
import { conv, globalPool, pool, poolChannelsLast } from './convolution.js';
import { gridSample } from './image.js';
import { concatenatedShape } from './joining.js';
import { fusedMatMul, gemm, matMul } from './matrix.js';
import { dequantizeLinear, quantizeLinear } from './quantization.js';
import { recurrence } from './recurrent.js';
import { reducedShape } from './reduction.js';

const always = (): boolean => true;
const channelsLast = (call: Call): boolean => call.int('channels_last', 0) !== 0;

/** [rows, K] times a packed [N, …] weight. */
const packedMatMul: InferRule = (call) => {
  const shape = call.shape(0);
  call.set(0, shape && [...shape.slice(0, -1), call.int('N')]);
};

const skipNormalization: InferRule = (call) => {
  const shape = call.shape(0);
  call.set(0, shape);
  const statistics = shape && [...shape.slice(0, -1), 1];
  call.set(1, statistics);
  call.set(2, statistics);
  call.set(3, shape);
};

const embedLayerNormalization: InferRule = (call) => {
  const [batch, length] = [call.dim(0, 0), call.dim(0, 1)];
  const shape = [batch, length, call.dim(2, 1)];
  call.set(0, shape);
  call.set(1, [batch], 'int32');
  call.set(2, shape);
};

const quantizedPair: InferRule = (call) => call.set(0, broadcastShapes(call.shape(0), call.shape(3)));

/** Behind the scale and zero point of the result: a tensor, its scale and its zero point, and so on. */
const quantizedConcat: InferRule = (call) => {
  const parts = Array.from({ length: Math.floor((call.inputCount - 2) / 3) }, (_, index) => call.shape(2 + 3 * index));
  call.set(0, concatenatedShape(parts, call.int('axis', 1)), call.elem(1));
};

const halves: InferRule = (call) => {
  const shape = call.shape(0);
  const last = shape?.at(-1);
  call.set(0, shape && [...shape.slice(0, -1), last === undefined ? undefined : floorDivide(last, 2)]);
};

const reduce: InferRule = (call) => call.set(0, reducedShape(call, call.ints('axes'), call.int('keepdims', 1) !== 0));

const gatherBlockQuantized: InferRule = (call) => {
  const data = call.shape(0);
  const indices = call.shape(1);
  const axis = fromStart(call.int('gather_axis', 0), data?.length ?? 0);
  if (!data || !indices) return;
  // Bytes hold several numbers, along the last axis.
  const held = call.elem(0) === 'uint8' ? 8 / call.int('bits', 4) : 1;
  const dims = data.map((dim, at) => (at === data.length - 1 ? multiplyDims(dim, held) : dim));
  call.set(0, [...dims.slice(0, axis), ...indices, ...dims.slice(axis + 1)]);
};

export const microsoft: Rows = {
  Trilu: { infer: like(), moves: { from: [0], fill: () => 0 } },
  ...alike('BiasGelu FastGelu Gelu', { infer: like(), fuses: 'GELU' }),
  QuickGelu: { infer: like(), fuses: 'SiLU or quick GELU' },
  RotaryEmbedding: { infer: like(), fuses: 'rotary embedding' },
  ...alike('BiasSoftmax BiasAdd Inverse QLinearLeakyRelu QLinearSigmoid QLinearSoftmax', { infer: like() }),
  ...alike('ComplexMul ComplexMulConj', { infer: (call) => call.set(0, broadcastInputs(call)) }),
  ...alike('BiasDropout BitmaskDropout', { infer: (call) => call.set(0, call.shape(0)), draws: true }),
  SkipLayerNormalization: { infer: skipNormalization, fuses: 'layer norm' },
  SkipSimplifiedLayerNormalization: { infer: skipNormalization, fuses: 'RMS norm' },
  FusedMatMul: { infer: fusedMatMul, precision: layer, weights: fusedMatMulWeights, products: alongTurned },
  ...alike('TransposeMatMul FusedMatMulActivation', {
    infer: fusedMatMul,
    weights: fusedMatMulWeights,
    products: alongTurned,
  }),
  MatMulNBits: {
    infer: packedMatMul,
    precision: { ...heavy, takesScales: 'blocks' },
    products: alongPacked,
    multipliesIn8Bits: (node) => node.int('accuracy_level', 0) === 4,
  },
  MatMulBnb4: { infer: packedMatMul, precision: { ...heavy, takesScales: 'blocks' }, products: alongPacked },
  ...alike('MatMulIntegerToFloat DynamicQuantizeMatMul', {
    infer: matMul(),
    precision: scales,
    products: alongLast,
    multipliesIn8Bits: always,
  }),
  MatMulInteger16: { infer: matMul(), products: alongLast },
  ...alike('QLinearAdd QLinearMul', { infer: quantizedPair }),
  NhwcConv: {
    infer: conv(1, () => true, true),
    precision: layer,
    weights: convolutionWeights(),
    products: overKernel(),
  },
  NhwcFusedConv: { infer: conv(1, () => true), weights: convolutionWeights(), products: overKernel() },
  ...alike('MoE QMoE', { infer: like(), products: uncounted }),
  GroupNorm: { infer: like(), precision: { ...bounding, float32Inputs: [1, 2] }, fuses: 'group norm' },
  BiasSplitGelu: { infer: halves },
  CDist: { infer: (call) => call.set(0, [call.dim(0, 0), call.dim(1, 0)]) },
  ConvTransposeWithDynamicPads: {
    infer: (call) =>
      call.set(
        0,
        call.shape(0)?.map(() => undefined),
      ),
    products: intoKernel,
  },
  DequantizeLinear: { infer: dequantizeLinear },
  DynamicQuantizeLSTM: {
    infer: recurrence(2, (call) => call.int('hidden_size')),
    precision: scales,
    products: everyStep,
    multipliesIn8Bits: always,
  },
  EmbedLayerNormalization: { infer: embedLayerNormalization, weights: tableWeights([2, 3, 4]), fuses: 'layer norm' },
  FusedConv: { infer: conv(), weights: convolutionWeights(), products: overKernel() },
  FusedGemm: { infer: gemm, weights: gemmWeights, products: alongTurned },
  GatherBlockQuantized: { infer: gatherBlockQuantized, precision: { takesScales: 'blocks' } },
  GemmFloat8: {
    infer: (call) => {
      gemm(call);
      call.set(0, call.shapeOf(0), dataTypeOfCode(call.int('dtype', 1)));
    },
    products: alongTurned,
  },
  GridSample: { infer: gridSample, precision: { decides: [places(1)] } },
  NhwcMaxPool: { infer: poolChannelsLast },
  QEmbedLayerNormalization: { infer: embedLayerNormalization, fuses: 'layer norm' },
  QGemm: {
    infer: (call) => {
      const [a, b] = [call.shape(0), call.shape(3)];
      call.set(0, [a?.[call.int('transA', 0) ? 1 : 0], b?.[call.int('transB', 0) ? 0 : 1]], call.elem(8) ?? 'float32');
    },
    products: alongTurned,
  },
  QLinearAveragePool: { infer: pool },
  QLinearConcat: { infer: quantizedConcat },
  QLinearConv: { infer: conv(3, channelsLast), products: overKernel(3) },
  QLinearGlobalAveragePool: { infer: globalPool },
  QLinearReduceMean: { infer: reduce },
  QLinearWhere: {
    infer: (call) => call.set(0, broadcastShapes(call.shape(0), broadcastShapes(call.shape(1), call.shape(4)))),
  },
  QuantizeLinear: { infer: quantizeLinear },
  ReduceSumInteger: { infer: reduce },
  SkipGroupNorm: {
    fuses: 'group norm',
    infer: (call) => {
      call.set(0, call.shape(0));
      call.set(1, call.shape(0));
    },
    precision: { float32Inputs: [1, 2] },
  },
};
