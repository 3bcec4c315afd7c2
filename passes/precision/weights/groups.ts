/** Groups the numbers of a weight that share a scale: one channel, or one block along the axes that are summed over. */
import { elementCount, type Tensor } from '../../../src/ir/tensors/tensor.js';
import type { GroupStep, Matrix } from '../quantize.js';
import type { WeightUse } from './sites.js';

/** A shape cut into groups. */
export interface Groups {
  /** The shape under which the quantized numbers are stored: the weight's own, or with one axis cut in blocks. */
  readonly shape: readonly number[];
  /** The shape of the scales, which broadcasts to the shape of the numbers. */
  readonly scales: readonly number[];
  /** The number of elements that share a scale. */
  readonly size: number;
  readonly rows: number;
  readonly columns: number;
  readonly rowGroups: GroupStep;
  readonly columnGroups: GroupStep;
  /** The channels of sums, in the same steps, and their number; undefined where nothing is summed. */
  readonly channels: { readonly rows: GroupStep; readonly columns: GroupStep; readonly count: number } | undefined;
}

type UseAxes = Pick<WeightUse, 'channels' | 'contracted'>;

const isSummed = ({ contracted }: UseAxes): boolean => contracted !== undefined && contracted.length > 0;

const run = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** A scale for each channel: for each row of the last axis where channels are not known. */
export function channelGroups(shape: readonly number[], use: UseAxes): Groups {
  let own = (use.channels ?? run(0, shape.length - 1)).toSorted((a, b) => a - b);
  // Axes are dropped, the last one first, until the groups of rows and columns are steps. Without axes, one scale is for the whole tensor.
  for (;;) {
    const cut = run(1, shape.length + 1).find((at) => isLeading(own, 0, at) && isLeading(own, at, shape.length));
    if (cut !== undefined) return grouped(shape, own, cut, isSummed(use));
    own = own.slice(0, -1);
  }
}

/** True where those of the axes that lie between two places begin at the first and leave none out. */
const isLeading = (axes: readonly number[], from: number, to: number): boolean =>
  axes.filter((axis) => axis >= from && axis < to).every((axis, at) => axis === from + at);

function grouped(shape: readonly number[], own: readonly number[], cut: number, summed: boolean): Groups {
  const count = (from: number, to: number, isOwn: boolean) =>
    run(from, to).reduce((n, axis) => (own.includes(axis) === isOwn ? n * (shape[axis] as number) : n), 1);
  const columnCount = count(cut, shape.length, true);
  const rowCount = count(0, cut, true);
  const rowGroups = { block: Math.max(1, count(0, cut, false)), step: rowCount > 1 ? columnCount : 0 };
  const columnGroups = { block: Math.max(1, count(cut, shape.length, false)), step: columnCount > 1 ? 1 : 0 };
  return {
    shape,
    scales: shape.map((dim, axis) => (own.includes(axis) ? dim : 1)),
    size: elementCount(shape) / Math.max(1, rowCount * columnCount),
    rows: elementCount(shape.slice(0, cut)),
    columns: elementCount(shape.slice(cut)),
    rowGroups,
    columnGroups,
    channels: summed ? { rows: rowGroups, columns: columnGroups, count: rowCount * columnCount } : undefined,
  };
}

/**
 * A scale for each block of at most so many numbers along what is summed over, and along rows of a table; whole channels where
 * that cannot be cut into blocks of at least half the size.
 */
export function blockGroups(shape: readonly number[], use: UseAxes, block: number): Groups {
  const [from, to] = longestRun(shape, alongOf(shape, use));
  const length = elementCount(shape.slice(from, to));
  const size = run(1, block + 1).findLast((one) => length % one === 0) ?? 1;
  if (size === length || size * 2 < block) return channelGroups(shape, use);
  const [before, after] = [shape.slice(0, from), shape.slice(to)];
  const [lead, trail] = [elementCount(before), elementCount(after)];
  const blocks = length / size;
  return {
    shape: [...before, blocks, size, ...after],
    scales: [...before, blocks, 1, ...after],
    size,
    rows: trail === 1 ? lead : lead * length,
    columns: trail === 1 ? length : trail,
    rowGroups: trail === 1 ? { block: 1, step: blocks } : { block: size, step: trail },
    columnGroups: trail === 1 ? { block: size, step: 1 } : { block: 1, step: 1 },
    channels: isSummed(use)
      ? {
          rows: trail === 1 ? { block: 1, step: 1 } : { block: length, step: trail },
          columns: trail === 1 ? { block: 1, step: 0 } : { block: 1, step: 1 },
          count: lead * trail,
        }
      : undefined,
  };
}

/** The axes that blocks run along: those that are summed over, else all but the channels, else the last axis. */
function alongOf(shape: readonly number[], { channels, contracted }: UseAxes): readonly number[] {
  if (contracted && contracted.length > 0) return contracted;
  const rest = channels && run(0, shape.length).filter((axis) => !channels.includes(axis));
  return rest && rest.length > 0 ? rest : [shape.length - 1];
}

/** The neighbouring axes among these with the most numbers. */
function longestRun(shape: readonly number[], axes: readonly number[]): [number, number] {
  let best: [number, number] = [axes[0] as number, (axes[0] as number) + 1];
  for (const from of axes) {
    let to = from + 1;
    while (axes.includes(to)) to++;
    if (elementCount(shape.slice(from, to)) > elementCount(shape.slice(...best))) best = [from, to];
  }
  return best;
}

/** A tensor as `quantize.ts` reads it. */
export const matrixOf = (tensor: Tensor, groups: Groups): Matrix => ({
  tensor,
  rows: groups.rows,
  columns: groups.columns,
  groups: elementCount(groups.scales),
  rowGroups: groups.rowGroups,
  columnGroups: groups.columnGroups,
});
