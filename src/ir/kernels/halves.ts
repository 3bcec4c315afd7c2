/** Numbers to and from floats of 16 bits by the kernels, a block at a time. Each function gives false where there are no kernels: then the caller's own loop has to. */
import { type Kernels, kernels } from './module.js';

/** How numbers become 16 bits: as they are stored, where the largest number stands for what is beyond, or as casts round. */
export const halfKinds = { float16: 0, bfloat16: 1, ieeeFloat16: 2, saturatedBfloat16: 3 } as const;
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

/** Nothing stays in it between calls. */
function places(): Places | undefined {
  if (shared === undefined) {
    const own = kernels();
    shared = own ? { own, numbers: own.reserve(4 * BLOCK + SLACK), bits: own.reserve(2 * BLOCK + SLACK) } : false;
  }
  return shared || undefined;
}

/** The bits of numbers. */
export function bitsByKernel(numbers: Float32Array, kind: HalfKind, bits: Uint16Array): boolean {
  const at = numbers.length >= FEW && places();
  if (!at) return false;
  for (let from = 0; from < numbers.length; from += BLOCK) {
    const count = Math.min(BLOCK, numbers.length - from);
    at.own.floats(at.numbers, count).set(numbers.subarray(from, from + count));
    at.own.run.halfBits(at.numbers, count, at.bits, halfKinds[kind]);
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
