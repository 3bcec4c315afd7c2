/** Numbers to and from floats of 16 bits by the kernels, a block at a time. Each function gives false where there are no kernels: then the caller's own loop has to. */
import type { PiecePlace } from '../tensors/tensor.js';
import { type Kernels, kernels } from './module.js';

/** How numbers become 16 bits: as they are stored, where the largest number stands for what is beyond, or as casts round. */
const halfKinds = { float16: 0, bfloat16: 1, ieeeFloat16: 2, saturatedBfloat16: 3 } as const;
export type HalfKind = keyof typeof halfKinds;

/** The most numbers of a call: their bytes stay in the cache. */
export const BLOCK = 1 << 15;

/** The least numbers that are worth a call. */
const FEW = 64;

/** Kernels read and write whole groups of numbers. */
const SLACK = 64;

interface Places {
  readonly own: Kernels;
  readonly numbers: number;
  readonly bits: number;
}

let shared: Places | undefined | false;

/** Nothing stays in it between calls but numbers that were read there. */
function places(): Places | undefined {
  if (shared === undefined) {
    const own = kernels();
    shared = own ? { own, numbers: own.reserve(4 * BLOCK + SLACK), bits: own.reserve(2 * BLOCK + SLACK) } : false;
  }
  return shared || undefined;
}

/**
 * Where float32 numbers may be read, `BLOCK` of them, so that the kernels need no copy: a piece is good until the next is read or copied there, by anybody.
 * `columns` are those of the rows whose errors are carried on.
 */
export function numbersPlace(columns = 0): PiecePlace | undefined {
  const at = places();
  // Views end where the memory grows.
  at?.own.free(bytesOfErrors(columns));
  return at && (() => at.own.bytes(at.numbers, 4 * BLOCK));
}

const bytesOfErrors = (columns: number): number => 12 * columns + 2 * SLACK;

/** The address of numbers: where they were read, or where they are copied to. */
function addressOf({ own, numbers: place }: Places, numbers: Float32Array): number {
  if (numbers.buffer === own.run.memory.buffer) return numbers.byteOffset;
  own.floats(place, numbers.length).set(numbers);
  return place;
}

/** The bits of numbers. */
export function bitsByKernel(numbers: Float32Array, kind: HalfKind, bits: Uint16Array): boolean {
  const at = numbers.length >= FEW && places();
  if (!at) return false;
  for (let from = 0; from < numbers.length; from += BLOCK) {
    const count = Math.min(BLOCK, numbers.length - from);
    const source = addressOf(at, numbers.subarray(from, from + count));
    at.own.run.halfBits(source, count, at.bits, halfKinds[kind]);
    bits.set(at.own.halves(at.bits, count), from);
  }
  return true;
}

/** The numbers of float16 bits. */
export function numbersByKernel(bits: Uint16Array, numbers: Float32Array): boolean {
  const at = bits.length >= FEW && places();
  if (!at) return false;
  for (let from = 0; from < bits.length; from += BLOCK) {
    const count = Math.min(BLOCK, bits.length - from);
    at.own.halves(at.bits, count).set(bits.subarray(from, from + count));
    at.own.run.widenFloat16(at.bits, count, at.numbers);
    numbers.set(at.own.floats(at.numbers, count), from);
  }
  return true;
}

/** The bits of the largest finite magnitude. */
export function largestByKernel(numbers: Float32Array): number | undefined {
  const at = numbers.length >= FEW && places();
  if (!at) return undefined;
  let largest = 0;
  for (let from = 0; from < numbers.length; from += BLOCK) {
    const count = Math.min(BLOCK, numbers.length - from);
    const piece = numbers.subarray(from, from + count);
    const grouped = count & ~3;
    // What is behind the last group of four does not count.
    const rest = at.own.floats(at.bits, 4).fill(0);
    rest.set(piece.subarray(grouped));
    const most = at.own.run.largestBits(addressOf(at, piece), grouped);
    largest = Math.max(largest, most, at.own.run.largestBits(at.bits, 4));
  }
  return largest;
}

/**
 * The bits of rows of neighbouring channels: number i, at most `BLOCK` of them, is of channel (first + i) mod columns. Each is rounded after an eighth of its
 * channel's errors so far, which it adds to.
 */
export function halvesAcrossByKernel(
  numbers: Float32Array,
  first: number,
  errors: Float64Array,
  isWide: boolean,
  bits: Uint16Array,
): boolean {
  const columns = errors.length;
  const at = numbers.length >= FEW && columns >= 8 && places();
  if (!at) return false;
  const { own } = at;
  const sums = own.free(bytesOfErrors(columns));
  const row = sums + 8 * columns + SLACK;
  own.doubles(sums, columns).set(errors);
  own.doubles(sums + 8 * columns, 4).fill(0);
  const start = addressOf(at, numbers);
  const padded = own.floats(row, columns + 4);
  for (let from = 0, column = first % columns; from < numbers.length; column = 0) {
    const count = Math.min(columns - column, numbers.length - from);
    let source = start + 4 * from;
    if (count % 4 !== 0) {
      // What is behind the row would count for other channels.
      padded.set(numbers.subarray(from, from + count));
      padded.fill(0, count, count + 4);
      source = row;
    }
    own.run.halveAcross(source, sums + 8 * column, count, at.bits + 2 * from, Number(isWide));
    from += count;
  }
  errors.set(own.doubles(sums, columns));
  bits.set(own.halves(at.bits, numbers.length));
  return true;
}
