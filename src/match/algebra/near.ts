/** Compares a constant in a graph with the number in an equation, within a tolerance. */
import type { DataType } from '../../ir/types.js';

/**
 * Largest relative difference by element type. Exporters write 1.4142 for √2 (1e-5 off) in float32; a 16-bit constant is off by
 * half a unit in the last place: 2^-11 in float16, 2^-9 in bfloat16.
 */
const tolerances: Partial<Record<DataType, number>> = { float16: 1e-3, bfloat16: 4e-3 };
const TOLERANCE = 2e-5;

export const isNear = (found: number, expected: number, elem?: DataType): boolean =>
  Math.abs(found - expected) <= Math.abs(expected) * ((elem && tolerances[elem]) ?? TOLERANCE);
