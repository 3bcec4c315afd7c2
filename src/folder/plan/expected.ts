/** What a part is expected to come out at, before anything is done: bytes by types, time by rates. */
import { maxOf } from '../../ir/collections/lists.js';
import type { ModelSummary } from '../../ir/whole-model/summary.js';
import type { PartReport } from '../../run/folder-report.js';
import type { Pass } from '../../run/pass.js';

/** The share of its float32 bytes that a weight has after a pass; scales included. */
const shares: Readonly<Record<string, number>> = { bf16: 0.5, fp16: 0.5, int8: 0.26, int4: 0.15 };

/**
 * Seconds of CPU for a gigabyte of float32 weights beyond the base, which is reading, hashing and writing. Measured without comparisons on two cores of an AMD EPYC that others
 * used: an encoder 1024 wide, 0.27 GB; 4 bits on a text encoder 1280 wide, 2.8 GB, whose search takes longer the wider a layer is.
 */
const rates: Readonly<Record<string, number>> = { bf16: 3, fp16: 3, int8: 13, int4: 370 };
const BASE = 3;

/** Bytes of the result, by the narrowest type that a pass stores float32 weights in; milliseconds, without comparisons. */
export function expectedOf(
  { bytesByType }: ModelSummary,
  passes: readonly Pass[],
  inputBytes: number,
): Required<Pick<PartReport, 'expectedBytes' | 'expectedMs'>> {
  const names = passes.map(({ definition: { name } }) => name);
  const { float32 = 0 } = bytesByType;
  const saved = maxOf([0, ...names.map((name) => 1 - (shares[name] ?? 1))]);
  const rate = maxOf([0, ...names.map((name) => rates[name] ?? 0)]);
  return {
    expectedBytes: Math.round(inputBytes - float32 * saved),
    expectedMs: Math.round((BASE * inputBytes + rate * float32) / 1e6),
  };
}
