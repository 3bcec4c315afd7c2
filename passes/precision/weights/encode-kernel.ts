/** Rounds pieces of rows to whole numbers by the kernels: `Encoder`, to the same codes. */
import { type Kernels, kernels } from '../../../src/ir/kernels/module.js';
import type { PiecePlace } from '../../../src/ir/tensors/tensor.js';
import type { GroupStep } from '../quantize.js';

/** The numbers of a piece and the scales of their groups, with errors of channels and their share where there are any. */
interface Rounded {
  readonly scales: Float32Array;
  readonly largest: number;
  readonly groups: GroupStep;
  readonly channels: GroupStep | undefined;
  readonly errors: Float64Array;
  readonly share: number;
  /** Whether sums of squares are asked for where nothing is carried on. */
  readonly isMeasured: boolean;
}

interface Piece {
  readonly column: number;
  readonly group: number;
  readonly channel: number;
  readonly at: number;
}

/** Fewer numbers are not worth a call. */
const FEW = 32;

let shared: Kernels | undefined | false;

/** The most numbers that are read for a call. */
const READ = 1 << 16;

/** Where numbers may be read, so that they need no copy: a piece is good until the next is read or rounded. */
export function placeForKernel(): PiecePlace | undefined {
  shared ??= kernels() ?? false;
  const own = shared;
  if (!own) return undefined;
  return () => {
    own.clear();
    return own.bytes(own.reserve(4 * READ), 4 * READ);
  };
}

/** Rounds a piece into codes[at …]; gives the sums of squares of the changes and of the numbers, or undefined where there is no kernel for it. */
export function roundedByKernel(
  numbers: Float32Array | Float64Array,
  codes: Int8Array,
  { column, group, channel, at }: Piece,
  { scales, largest, groups, channels, errors, share, isMeasured }: Rounded,
): { readonly difference: number; readonly total: number } | undefined {
  const count = numbers.length;
  const isAcross = channels !== undefined && isOfEach(channels) && isOfEach(groups);
  const isAlone = channels === undefined && (groups.step === 0 || groups.block % 2 === 0) && column % 2 === 0;
  if (numbers instanceof Float64Array || count < FEW || count % 2 !== 0 || !(isAcross || isAlone)) return undefined;
  shared ??= kernels() ?? false;
  if (!shared) return undefined;
  const { run } = shared;
  shared.clear();
  const place = shared.reserve(4 * Math.max(count, READ));
  const isThere = numbers.buffer === run.memory.buffer;
  const [source, out, totals] = [isThere ? numbers.byteOffset : place, shared.reserve(count), shared.reserve(32)];
  const block = groups.step === 0 ? column + count : groups.block;
  const first = group + (isAcross ? column : Math.floor(column / block));
  const own = scales.subarray(first, isAcross ? first + count : first + Math.ceil(((column % block) + count) / block));
  const [steps, sums] = [shared.reserve(4 * own.length), shared.reserve(isAcross ? 8 * count : 0)];
  if (!isThere) shared.floats(source, count).set(numbers);
  shared.floats(steps, own.length).set(own);
  shared.doubles(totals, 4).fill(0);
  if (isAcross) {
    const before = errors.subarray(channel + column, channel + column + count);
    shared.doubles(sums, count).set(before);
    run.roundAcross(source, steps, sums, count, share, largest, out, totals);
    before.set(shared.doubles(sums, count));
  } else run.roundBlocks(source, steps, column % block, count, block, largest, out, isMeasured ? totals : 0);
  codes.set(shared.signed(out, count), at);
  const [a, b, c, d] = shared.doubles(totals, 4) as unknown as [number, number, number, number];
  return { difference: a + b, total: c + d };
}

/** True where neighbouring columns are of neighbouring groups. */
const isOfEach = ({ block, step }: GroupStep): boolean => block === 1 && step === 1;
