/** What counts as a parameter: the numbers that training found, stored in whatever type. */

import { dataTypes } from '../types.js';
import type { Value } from '../value.js';
import { elementCount } from './tensor.js';

/** How many a value holds: 0 for what is computed, and for integers of more than 8 bits, which are shapes and indices. */
export function parametersOf({ tensor }: Pick<Value, 'tensor'>): number {
  if (!tensor) return 0;
  const { kind, bits } = dataTypes[tensor.type];
  const isStored = kind === 'float' || ((kind === 'signed' || kind === 'unsigned') && bits <= 8);
  return isStored ? elementCount(tensor.shape) : 0;
}
