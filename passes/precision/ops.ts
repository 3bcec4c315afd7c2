/** What passes to a narrower float must know of operators. Names of contrib ops begin with `ms.`. */
import { constantTensor } from '../../src/ir/constants.js';
import type { Node } from '../../src/ir/node.js';
import { elementCount } from '../../src/ir/tensor.js';
import { heldBy } from '../../src/ops/moved.js';

const words = (...texts: readonly string[]): ReadonlySet<string> => new Set(texts.join(' ').split(/\s+/));

/** The key of a node's op in these tables; undefined outside ai.onnx and com.microsoft. */
export function opKey(node: Node): string | undefined {
  if (node.domain === '') return node.opType;
  return node.domain === 'com.microsoft' ? `ms.${node.opType}` : undefined;
}

const isIn =
  (set: ReadonlySet<string>) =>
  (node: Node): boolean =>
    set.has(opKey(node) ?? '');

/** Where the time goes: what a narrower float is for. */
export const isHeavy = isIn(
  words(
    'MatMul Gemm Conv ConvTranspose Einsum LSTM GRU RNN Attention',
    'ms.Attention ms.MultiHeadAttention ms.GroupQueryAttention ms.FusedMatMul ms.MatMulNBits',
  ),
);

/** Moves elements and calculates nothing. */
export function isMovement(node: Node): boolean {
  const held = heldBy(node.outputs[0]);
  return held !== undefined && !held.isChoice && !held.recast;
}

/** Reads how large a tensor is, whatever its type: never worth a cast. */
export const readsShapeAlone = isIn(words('Shape Size'));

/** Picks among its numbers by others, which are computed: not a constant even where all its floats are. */
export const isSelection = isIn(words('Gather GatherElements GatherND ScatterND ScatterElements Where OneHot'));

/** Gives numbers of ordinary size whatever it is given. */
export const isBounding = isIn(
  words(
    'Sin Cos Tanh Atan Sigmoid HardSigmoid Softmax Hardmax Erf Sign Softsign Log LpNormalization LayerNormalization',
    'RMSNormalization InstanceNormalization GroupNormalization BatchNormalization ms.GroupNorm',
    'SimplifiedLayerNormalization ms.SimplifiedLayerNormalization',
  ),
);

/** Quantized arithmetic: its float inputs are scales, which multiply every rounding they get. */
export const takesScales = isIn(
  words(
    'DequantizeLinear QuantizeLinear QLinearConv QLinearMatMul ms.MatMulNBits ms.MatMulIntegerToFloat',
    'ms.DynamicQuantizeMatMul ms.GatherBlockQuantized ms.QAttention',
  ),
);

/** Gives a number that may be far larger than those that it is given; what reads it may have to shrink it first. */
export const isGrowing = isIn(words('Pow Exp ReduceSum ReduceSumSquare ReduceL1 ReduceProd'));

/** x · x. */
export const isSquare = (node: Node): boolean => node.is('Mul') && node.inputs[0] === node.inputs[1];

/** Brings back to ordinary size what has grown. */
export const isShrinking = isIn(words('Sqrt Log Reciprocal ReduceLogSum ReduceLogSumExp'));

/** Limits a number: a bound beyond the type's range bounds nothing and makes nothing large. */
export const isLimiting = isIn(words('Clip Min Max'));

/** Calculates a number from numbers at the same place: what an argument of Sin or an index is computed by. */
export const isElementwise = isIn(
  words('Add Sub Mul Div Neg Abs Sqrt Exp Log Reciprocal Pow Where Floor Ceil Round Mod Max Min Clip Cast'),
);
export const isProduct = isIn(words('MatMul Gemm Einsum ms.FusedMatMul'));

/** Largest constant that a product on the way to an angle may have: rotary frequencies, not a layer's weights. */
const SMALL_FACTOR = 1024;

/** True where a node takes part in computing a coordinate: arithmetic without weights. */
export const isCoordinateArithmetic = (node: Node): boolean =>
  isElementwise(node) ||
  isMovement(node) ||
  (isProduct(node) && node.inputs.every((value) => elementCount(constantTensor(value)?.shape ?? []) <= SMALL_FACTOR));

/** Float inputs that the operator wants, or that accuracy wants, in float32: by op, the slots. */
const float32Inputs: ReadonlyMap<string, readonly number[]> = new Map(
  Object.entries({
    Resize: [1, 2],
    Upsample: [1],
    Dropout: [1],
    OneHot: [1],
    // Its kernels read scale and bias as float32, whatever they normalise.
    'ms.GroupNorm': [1, 2],
    'ms.SkipGroupNorm': [1, 2],
    // The scales of a quantized cache.
    'ms.GroupQueryAttention': [12, 13],
  }),
);

/** Outputs that stay float32: means and deviations of the norms. */
const float32Outputs: ReadonlyMap<string, readonly number[]> = new Map(
  Object.entries({
    LayerNormalization: [1, 2],
    'ms.SkipLayerNormalization': [1, 2],
    SimplifiedLayerNormalization: [1],
    'ms.SimplifiedLayerNormalization': [1],
    'ms.SkipSimplifiedLayerNormalization': [1, 2],
  }),
);

export const staysFloat32Input = (node: Node, index: number): boolean =>
  float32Inputs.get(opKey(node) ?? '')?.includes(index) ?? false;
export const staysFloat32Output = (node: Node, index: number): boolean =>
  float32Outputs.get(opKey(node) ?? '')?.includes(index) ?? false;

/** The slot of an attention's additive mask, which may be cut to the type's range without a change. */
const maskInputs: ReadonlyMap<string, number> = new Map(
  Object.entries({
    Attention: 3,
    'ms.Attention': 5,
    'ms.MultiHeadAttention': 5,
    'ms.GroupQueryAttention': 10,
  }),
);
export const isMaskInput = (node: Node, index: number): boolean => maskInputs.get(opKey(node) ?? '') === index;

/** Ops whose output type is not that of an input: written down in an attribute, drawn, or quantized. */
const typedByItself = words(
  'Cast CastLike Constant ConstantOfShape RandomNormal RandomUniform RandomNormalLike RandomUniformLike Bernoulli Multinomial',
  'EyeLike HannWindow HammingWindow BlackmanWindow MelWeightMatrix DequantizeLinear QuantizeLinear',
  'DynamicQuantizeLinear QLinearConv QLinearMatMul MatMulInteger ConvInteger ms.DynamicQuantizeMatMul',
  'ms.MatMulIntegerToFloat ms.QAttention SequenceConstruct SequenceAt SequenceInsert SequenceErase SequenceEmpty',
  'SplitToSequence ConcatFromSequence SequenceMap SequenceLength Optional OptionalGetElement OptionalHasElement',
  'If Loop Scan',
);
export const isTypedByItself = isIn(typedByItself);

/** Results that are positions, counts or angles: a narrow float cannot tell neighbours apart. */
const coordinates = 'integer positions and angles need float32';
/** Refused for any narrow float. */
export const blockedForCoordinates: ReadonlyMap<string, string> = new Map(
  Object.entries({
    Range: coordinates,
    CumSum: coordinates,
    Sin: coordinates,
    Cos: coordinates,
    GridSample: coordinates,
    RoiAlign: coordinates,
    NonMaxSuppression: coordinates,
  }),
);

const overflow = 'its results pass 65504 easily';
const statistics = 'sums over whole maps pass 65504 easily';
/** Refused for float16, whose largest number is 65504. */
export const blockedForRange: ReadonlyMap<string, string> = new Map(
  Object.entries({
    Pow: overflow,
    Exp: overflow,
    ReduceSum: overflow,
    ReduceMean: overflow,
    ReduceSumSquare: overflow,
    ReduceL1: overflow,
    ReduceL2: overflow,
    ReduceLogSum: overflow,
    ReduceLogSumExp: overflow,
    ReduceProd: overflow,
    InstanceNormalization: statistics,
    LpNormalization: statistics,
    MeanVarianceNormalization: statistics,
  }),
);

/** Why the CPU provider of onnxruntime 1.30 cannot be given a node in float16, though it loads it; undefined where it can. */
export function brokenInFloat16OnCpu(node: Node): string | undefined {
  // It casts the scales by a node of its own; the 8-bit kernel (accuracy_level 4) reads constant ones alone, and gives zeros.
  if (opKey(node) === 'ms.MatMulNBits') return 'the CPU provider gives zeros for it in float16';
  if (/^Scatter(ND|Elements)$/.test(node.opType) && (node.string('reduction') ?? 'none') !== 'none')
    return 'the CPU provider adds up, or compares, no float16 where it scatters';
  return transposesBatch(node) ? 'the CPU provider crashes on it in float16' : undefined;
}

/**
 * The runtime fuses a transposition of the batch into a float16 MatMul, has no such kernel, and crashes (perm [1, 0, 2] and
 * [1, 2, 0]; with graph optimizations on). In float32 there is one. A perm that a function is given may be one of them.
 */
const transposesBatch = (node: Node): boolean =>
  node.is('Transpose') &&
  (node.hasReference || node.ints('perm')?.[0] === 1) &&
  node.output.users.some((user) => user.is('MatMul'));
