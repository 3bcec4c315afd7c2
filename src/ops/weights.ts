/** Which inputs of an op are weights where they are constant, which axes tell channels apart, and which are summed over. */
import type { Node } from '../ir/node.js';

/** What an op does with a weight: multiplies and sums, slides it as a window, applies it step after step, looks rows up in it, or computes place by place. */
export type WeightRole = 'product' | 'convolution' | 'recurrent' | 'table' | 'elementwise' | 'other';

/** How an op reads one input as a weight. Axes are those of the input. */
export interface WeightReading {
  readonly role: WeightRole;
  /** Each index of these axes belongs to numbers of its own in the result: a channel, a row of a table, a member of a batch. */
  readonly channels: readonly number[];
  /** Axes that are summed over: errors of weights average out along them. */
  readonly contracted: readonly number[];
}

/** How a node reads the input in a slot, of this rank, as a weight; undefined where it is none of those that the rule knows. */
export type WeightRule = (node: Node, slot: number, rank: number) => WeightReading | undefined;

const axesOf = (rank: number): number[] => Array.from({ length: rank }, (_, axis) => axis);

/** Sums over some axes; all others are channels. */
const summed = (role: WeightRole, rank: number, contracted: readonly number[]): WeightReading => ({
  role,
  contracted,
  channels: axesOf(rank).filter((axis) => !contracted.includes(axis)),
});

/** A · B, both perhaps transposed; a vector is summed over as a whole. */
const factor = (rank: number, isFirst: boolean, isTransposed: boolean): WeightReading => {
  if (rank < 2) return summed('product', rank, axesOf(rank));
  return summed('product', rank, [isFirst === isTransposed ? rank - 2 : rank - 1]);
};

export const matMulWeights: WeightRule = (_node, slot, rank) =>
  slot < 2 ? factor(rank, slot === 0, false) : undefined;

export const gemmWeights: WeightRule = (node, slot, rank) =>
  slot < 2 ? factor(rank, slot === 0, node.int(slot === 0 ? 'transA' : 'transB', 0) !== 0) : undefined;

/** The batch form stores [rows, batch…, columns]. */
export const fusedMatMulWeights: WeightRule = (node, slot, rank) => {
  const side = slot === 0 ? 'A' : 'B';
  if (slot > 1) return undefined;
  const isTransposed = node.int(`trans${side}`, 0) !== 0;
  if (node.int(`transBatch${side}`, 0) === 0 || rank < 2) return factor(rank, slot === 0, isTransposed && rank > 1);
  return summed('product', rank, [(slot === 0) === isTransposed ? 0 : rank - 1]);
};

/** [out, in / group, …]: with an own window for each of the channels that it gives. */
export const convolutionWeights =
  (at = 1): WeightRule =>
  (_node, slot, rank) =>
    slot === at && rank > 1 ? summed('convolution', rank, axesOf(rank).slice(1)) : undefined;

/** [in, out / group, …]. */
export const transposedConvolutionWeights: WeightRule = (_node, slot, rank) =>
  slot === 1 && rank > 1
    ? { role: 'convolution', channels: [1], contracted: axesOf(rank).filter((axis) => axis !== 1) }
    : undefined;

/** W and R: [directions, gates · hidden, what is summed]. */
export const recurrentWeights: WeightRule = (_node, slot, rank) =>
  (slot === 1 || slot === 2) && rank === 3 ? summed('recurrent', rank, [2]) : undefined;

/** Tables whose rows along an axis are looked up. */
export const tableWeights =
  (slots: readonly number[], axisOf: (node: Node) => number = () => 0): WeightRule =>
  (node, slot, rank) => {
    const axis = axisOf(node);
    const row = axis < 0 ? axis + rank : axis;
    return slots.includes(slot) && row < rank ? { role: 'table', channels: [row], contracted: [] } : undefined;
  };

/** A matrix [in, out] among the inputs, whatever the op does besides. */
export const matrixAt =
  (at: number): WeightRule =>
  (_node, slot, rank) =>
    slot === at && rank === 2 ? summed('product', rank, [0]) : undefined;

/** The axes of a term whose labels do not stand in the result. */
export const einsumWeights: WeightRule = (node, slot, rank) => {
  const [left = '', given] = (node.string('equation') ?? '').replaceAll(' ', '').split('->');
  const term = left.split(',')[slot];
  if (term === undefined || term.includes('...') || term.length !== rank) return undefined;
  const labels = [...left.replaceAll(/[.,]/g, '')];
  const result = given ?? labels.filter((label) => labels.indexOf(label) === labels.lastIndexOf(label)).join('');
  return summed(
    'product',
    rank,
    axesOf(rank).filter((axis) => !result.includes(term[axis] as string)),
  );
};
