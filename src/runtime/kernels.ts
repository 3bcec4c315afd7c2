/**
 * Lists the kernels of onnxruntime: which provider runs an op in an element type. Data, no runtime, so any room may
 * ask.
 * Sources: "probed" = tried with onnxruntime-node 1.30.0 on Linux x64 in November 2026; "table" = onnxruntime's kernel
 * registrations of early 2026, not run. A probe of the installed runtime overrides any line here.
 */
import { under } from '../ir/named.js';
import type { Target } from '../ir/targets.js';
import type { DataType } from '../ir/types.js';
import { schemaOf } from '../onnx/schema.js';
import { unfit } from './forms/index.js';

const words = (...texts: readonly string[]): ReadonlySet<string> => new Set(texts.join(' ').split(/\s+/));

/**
 * Names of contrib ops begin with `ms.`. Probed: each loads with bfloat16; no other of 68 ops did, and the runtime
 * casts nothing around them.
 */
const cpuBfloat16 = words(
  'Cast Clip LayerNormalization Transpose Reshape Squeeze Unsqueeze Flatten Identity Concat Slice Gather Split IsNaN ScatterND',
  'ms.SkipLayerNormalization ms.SimplifiedLayerNormalization ms.SkipSimplifiedLayerNormalization',
);

/** Probed: ops without a kernel for float64, though the operator admits it. */
const cpuMissingFloat64 = words('Erf Gelu ms.Gelu ms.BiasGelu');

/** Probed: the first opset whose kernel takes bfloat16, if it is later than the schema's. */
const cpuBfloat16Since: Readonly<Record<string, number>> = { IsNaN: 20 };

/** Probed: the last opset with a kernel on the CPU, if the standard has later ones. */
const cpuUntil: Readonly<Record<string, number>> = {
  Bernoulli: 21,
  MaxRoiPool: 21,
  Multinomial: 21,
  RandomNormal: 21,
  RandomNormalLike: 21,
  RandomUniform: 21,
  RandomUniformLike: 21,
  RoiAlign: 21,
};

/** Table. */
const cudaBfloat16 = words(
  'MatMul Gemm Conv Add Sub Mul Div Pow Sqrt Exp Erf Tanh Sigmoid Relu Gelu Softmax LayerNormalization',
  'RMSNormalization RotaryEmbedding Attention ReduceSum Where Expand Cast Concat Slice Split Transpose Tile Trilu',
  'Gather GatherElements GatherND Scatter ScatterElements ScatterND Max Min Abs Neg AveragePool HardSigmoid HardSwish',
  'If Loop Scan Identity Reshape Squeeze Unsqueeze Flatten Shape Size',
  'ms.Attention ms.MultiHeadAttention ms.GroupQueryAttention ms.SkipLayerNormalization ms.SkipSimplifiedLayerNormalization',
  'ms.SimplifiedLayerNormalization ms.FastGelu ms.QuickGelu ms.BiasGelu ms.Gelu ms.FusedMatMul ms.MatMulNBits',
  'ms.RotaryEmbedding',
);

/** Table: the first opset whose kernel takes bfloat16, if it is later than the schema's. */
const cudaBfloat16Since: Readonly<Record<string, number>> = { Conv: 22, Attention: 23 };

/** Table: ops of ai.onnx that CUDA leaves to the CPU in every type. */
const cudaMissing = words('DynamicQuantizeLinear ConvInteger QLinearConv QLinearMatMul');

/** Contrib ops of the CPU (probed) and of CUDA (table) that passes emit or meet. */
const contribCommon = words(
  'MultiHeadAttention GroupQueryAttention Attention SkipLayerNormalization SkipSimplifiedLayerNormalization',
  'SimplifiedLayerNormalization FastGelu QuickGelu BiasGelu Gelu FusedMatMul RotaryEmbedding MatMulNBits EmbedLayerNormalization',
);
const contribCpuOnly = words('DynamicQuantizeMatMul MatMulIntegerToFloat FusedGemm FusedConv NhwcMaxPool QLinearAdd');
const contribCudaOnly = words(
  'GroupNorm SkipGroupNorm BiasSplitGelu BiasAdd NhwcConv PackedMultiHeadAttention FusedConv',
);
const contribWebgpu = words(
  'MultiHeadAttention GroupQueryAttention Attention SkipLayerNormalization SkipSimplifiedLayerNormalization',
  'SimplifiedLayerNormalization FastGelu QuickGelu BiasGelu Gelu RotaryEmbedding MatMulNBits BiasAdd BiasSplitGelu',
);

/** Table: ops of ai.onnx that WebGPU 1.30 computes. Probed: an op with a last opset has no kernel after it. */
const webgpu = words(
  'Abs Neg Floor Ceil Reciprocal Sqrt Exp Erf Log Sigmoid HardSigmoid HardSwish Sin Cos Tan Asin Acos Atan Sinh Cosh',
  'Asinh Acosh Atanh Tanh Not Cast Clip Elu Relu LeakyRelu ThresholdedRelu Gelu ReduceMax ReduceMean ReduceMin',
  'ReduceProd ReduceSum ReduceL1 ReduceL2 ReduceLogSum ReduceSumSquare ReduceLogSumExp Add Sub Mul Div Pow Equal',
  'Greater GreaterOrEqual Less LessOrEqual And Shape Reshape Identity Squeeze Unsqueeze Where Transpose DepthToSpace',
  'Conv ConvTranspose MaxPool AveragePool GlobalMaxPool GlobalAveragePool Gemm MatMul ArgMax ArgMin Softmax Concat',
  'Split Expand Gather GatherElements GatherND ScatterND Slice Flatten Tile LayerNormalization InstanceNormalization',
  'Einsum Pad If Range CumSum BatchNormalization DequantizeLinear Resize RMSNormalization RotaryEmbedding Max Min Trilu',
);
const webgpuUntil: Readonly<Record<string, number>> = {
  Sin: 21,
  Cos: 21,
  HardSwish: 21,
  Pad: 23,
  Transpose: 24,
  Conv: 24,
};
/** Types that WebGPU computes in; ops in other types go to the CPU. */
const webgpuTypes = words('float32 float16 int32 uint32 bool int64 int8 uint8');

const CONTRIB = 'com.microsoft';

/** What a target has kernels for. */
interface KernelTable {
  /** Of an op of ai.onnx at this opset. */
  standard(opType: string, opset: number, elem: DataType): boolean;
  /** Of an op of com.microsoft. */
  contrib(opType: string, elem: DataType): boolean;
}

const kernelTables: Readonly<Record<Target, KernelTable>> = {
  cpu: {
    standard: (opType, opset, elem) => {
      if (opset > (under(cpuUntil, opType) ?? opset)) return false;
      if (elem === 'float64') return !cpuMissingFloat64.has(opType);
      return elem !== 'bfloat16' || (cpuBfloat16.has(opType) && opset >= (under(cpuBfloat16Since, opType) ?? 1));
    },
    contrib: (opType, elem) => {
      if (elem === 'bfloat16') return cpuBfloat16.has(`ms.${opType}`);
      if (elem === 'float64' && cpuMissingFloat64.has(`ms.${opType}`)) return false;
      return contribCommon.has(opType) || contribCpuOnly.has(opType);
    },
  },
  cuda: {
    standard: (opType, opset, elem) => {
      if (elem === 'bfloat16') return cudaBfloat16.has(opType) && opset >= (under(cudaBfloat16Since, opType) ?? 1);
      if (opType === 'MatMulInteger') return elem === 'int8';
      return !cudaMissing.has(opType);
    },
    contrib: (opType, elem) =>
      elem === 'bfloat16' ? cudaBfloat16.has(`ms.${opType}`) : contribCommon.has(opType) || contribCudaOnly.has(opType),
  },
  webgpu: {
    standard: (opType, opset, elem) =>
      webgpuTypes.has(elem) && webgpu.has(opType) && opset <= (under(webgpuUntil, opType) ?? opset),
    contrib: (opType, elem) => contribWebgpu.has(opType) && (elem === 'float32' || elem === 'float16'),
  },
};

/**
 * True where the target computes the op (domain '' is ai.onnx, at this opset) in this element type without handing it
 * to another provider. On the CPU float16 counts wherever the operator admits it: the runtime casts around the op by
 * itself.
 */
export function hasKernel(target: Target, opType: string, domain: string, opset: number, elem: DataType): boolean {
  if (!admits(opType, domain, opset, elem)) return false;
  const table = kernelTables[target];
  // The runtime has this op of its own in ai.onnx; the tables list it with the contrib ops.
  if (domain === CONTRIB || opType === 'SimplifiedLayerNormalization') return table.contrib(opType, elem);
  return domain === '' && table.standard(opType, opset, elem);
}

/** The kernels of one target, in the form that passes use. */
export const kernelsOf = (target: Target) => ({
  target,
  hasKernel: (opType: string, domain: string, opset: number, elem: DataType): boolean =>
    hasKernel(target, opType, domain, opset, elem),
  unfit,
});

/**
 * True where the operator's definition at this opset has the element type among its inputs or outputs. A contrib op may
 * have no definition here.
 */
function admits(opType: string, domain: string, opset: number, elem: DataType): boolean {
  const schema = schemaOf(opType, domain, opset);
  if (!schema) return domain === CONTRIB;
  if (schema.isDeprecated) return false;
  return [...schema.inputs, ...schema.outputs].some(
    ({ type }) => type === elem || schema.typeConstraints.get(type)?.includes(elem),
  );
}
