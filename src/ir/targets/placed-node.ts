/** Where a node goes: to the target, or not, and why. */
import type { Node } from '../node.js';

/** What a table says of a node: `runs in part` where the target refuses some forms of the operator, `unknown` where it was never tried. */
export type PlacementState = 'runs' | 'runs in part' | 'falls back' | 'unknown';

export interface PlacedNode {
  readonly node: Node;
  readonly state: PlacementState | 'shape arithmetic';
  readonly cause: string | undefined;
  /** True where the CPU has no kernel either: where an unknown node runs is then not known. */
  readonly isUnplaced?: boolean;
}

/** A tensor of more elements is data, whatever its type. */
const MOST_SMALL = 64;

/** The type and number of elements of a tensor. */
export interface SizedType {
  readonly type: string;
  readonly count: number;
}

/** True for a few whole numbers: sizes and indices are such. */
export const isSmallWhole = ({ type, count }: SizedType): boolean =>
  /^(int|uint|bool)/.test(type) && count <= MOST_SMALL;

/** True for a node that makes few whole numbers of few whole numbers, or of a shape: the runtime keeps it on the host. */
export const isShapeArithmetic = (
  opType: string,
  inputs: readonly SizedType[],
  outputs: readonly SizedType[],
): boolean =>
  outputs.length > 0 &&
  outputs.every(isSmallWhole) &&
  (opType === 'Shape' || opType === 'Size' || inputs.every(isSmallWhole));

/** True for the states of nodes that the target computes. */
export const runsThere = (state: PlacedNode['state']): boolean => state === 'runs' || state === 'runs in part';
