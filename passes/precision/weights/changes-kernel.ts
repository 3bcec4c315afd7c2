/** The sums of `channelErrors` by the kernels, to the same bits. */
import { giveBack, takeKernels } from '../../../src/ir/kernels/module.js';
import { columnOffsets, groupAt, type Matrix, rowBlocks } from '../quantize.js';

/** Sums over channels, and the bits of the largest finite magnitudes: of each channel that is made of rows, else of all. */
export interface ChannelSums {
  readonly float16: Float64Array;
  readonly bfloat16: Float64Array;
  readonly totals: Float64Array;
  readonly largest: Float32Array;
}

/** Numbers that are read at a time. */
const READ = 1 << 16;

/** The most channels: their sums are in memory twice. */
const MOST = 1 << 17;

/** Of one in `step` rows, their largest numbers of all; undefined where there is no kernel for it. */
export function sumsByKernel(matrix: Matrix, step: number): ChannelSums | undefined {
  const { tensor, columns, groups, rowGroups, columnGroups } = matrix;
  if ((tensor.type !== 'float32' && tensor.type !== 'bfloat16') || columns > READ || groups > MOST) return undefined;
  const own = takeKernels();
  if (!own) return undefined;
  const { run } = own;
  const height = Math.max(1, Math.floor(READ / Math.max(1, columns)));
  const [numbers, most, steps] = [4 * height * columns, 4 * height, 4 * columns].map((size) => own.reserve(size)) as [
    number,
    number,
    number,
  ];
  const sums = [0, 0, 0].map(() => own.reserve(8 * groups)) as [number, number, number];
  for (const one of sums) own.doubles(one, groups).fill(0);
  own.integers(steps, columns).set(columnOffsets(columns, columnGroups));
  const largest = new Float32Array(columnGroups.step > 0 ? 1 : groups);
  const place = (): Float32Array<ArrayBuffer> => own.floats(numbers, height * columns);
  for (const [row, count] of rowBlocks(matrix, height, place)) {
    const isWhole = largest.length === 1;
    run.largestOfRows(numbers, isWhole ? 1 : count, isWhole ? count * columns : columns, most);
    own.floats(most, isWhole ? 1 : count).forEach((size, at) => {
      const group = isWhole ? 0 : groupAt(rowGroups, row + at);
      if (size > (largest[group] as number)) largest[group] = size;
    });
    for (let at = Math.ceil(row / step) * step; at < row + count; at += step)
      run.addChanges(numbers + 4 * (at - row) * columns, columns, steps, groupAt(rowGroups, at), ...sums);
  }
  const [float16, bfloat16, totals] = sums.map((one) => own.doubles(one, groups).slice()) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  giveBack(own);
  return { float16, bfloat16, totals, largest };
}
