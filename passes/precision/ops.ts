/** Answers the questions of narrowing passes about operators. */
import { schemaOf } from '../../src/infer/index.js';
import type { Node } from '../../src/ir/node.js';
import { constantTensor } from '../../src/ir/tensors/constants.js';
import { elementCount } from '../../src/ir/tensors/tensor.js';
import { isFloat } from '../../src/ir/types.js';
import { heldBy } from '../../src/ops/moved.js';
import type { Precision } from '../../src/ops/precision.js';
import { rowOf } from '../../src/ops/registry.js';

const NOTHING: Precision = {};
export const precisionOf = (node: Node): Precision => rowOf(node)?.precision ?? NOTHING;

/** True for a node that moves elements and computes nothing. */
export function isMovement(node: Node): boolean {
  const held = heldBy(node.outputs[0]);
  return held !== undefined && !held.isChoice && !held.recast;
}

/** True for a node that computes each number from the numbers at the same place, or moves it. */
export const isPointwise = (node: Node): boolean => rowOf(node)?.isElementwise === true || isMovement(node);

/** True for a node that reads only the shape of a tensor: its input is never cast. */
export const readsShapeAlone = (node: Node): boolean => node.is('Shape') || node.is('Size');

/** x · x. */
export const isSquare = (node: Node): boolean => node.is('Mul') && node.inputs[0] === node.inputs[1];

/** The largest constant of a product on the way to an angle: rotary frequencies are smaller, a layer's weights are larger. */
const SMALL_FACTOR = 1024;

/** True where a node takes part in computing a coordinate: arithmetic without weights. */
export const isCoordinateArithmetic = (node: Node): boolean =>
  isPointwise(node) ||
  (precisionOf(node).isLayer === true &&
    node.inputs.every((value) => elementCount(constantTensor(value)?.shape ?? []) <= SMALL_FACTOR));

/** True for an output whose type does not come from an input, but from an attribute, a random draw, or a count. */
export function staysFloat32Output({ opType, domain, opset = 1 }: Node, index: number): boolean {
  const schema = schemaOf(opType, domain, opset);
  const type = schema?.outputs[index]?.type;
  return (
    type !== undefined && !(schema?.typeConstraints.has(type) && schema.inputs.some((input) => input.type === type))
  );
}

/** True for an op whose float outputs do not have the type of its inputs. */
export function isTypedByItself(node: Node): boolean {
  if (precisionOf(node).takesScales === 'whole' || node.is('CastLike') || node.is('Multinomial')) return true;
  const floats = node.outputs.filter((value) => isFloat(value?.elem));
  return floats.length > 0 && floats.every((value) => staysFloat32Output(node, value?.index ?? 0));
}

export const staysFloat32Input = (node: Node, index: number): boolean =>
  precisionOf(node).float32Inputs?.includes(index) ?? false;

const because: Readonly<Record<NonNullable<Precision['stays']>, string>> = {
  coordinates: 'integer positions and angles need float32',
  overflow: 'its results easily pass 65504',
  statistics: 'sums over whole maps easily pass 65504',
  spectrum: 'sums over whole signals easily pass 65504, where quiet frequencies vanish beside loud ones',
};

/**
 * The reason that an op's results stay float32. `hasRange`: the narrow type holds only small numbers, as float16 up to
 * 65504.
 */
export function whyWide(node: Node, hasRange: boolean): string | undefined {
  const stays = precisionOf(node).stays ?? (isSquare(node) ? 'overflow' : undefined);
  return stays && (hasRange || stays === 'coordinates') ? because[stays] : undefined;
}

/**
 * The reason that the CPU provider of onnxruntime 1.30 must not get a node in float16, though it loads it; undefined
 * where it may.
 */
export function brokenInFloat16OnCpu(node: Node): string | undefined {
  // The runtime casts the scales by a node. The 8-bit kernel (accuracy_level 4) reads only constant scales, and gives zeros.
  if (node.is('MatMulNBits', 'com.microsoft')) return 'the CPU provider gives zeros for it in float16';
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
