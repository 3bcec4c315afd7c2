/** The most that can be said of a value that is one of two types. */
import { equalDims } from '../ir/dims/dims.js';
import type { Shape, Type } from '../ir/types.js';
import { equalTypes, tensorType } from '../ir/types.js';
import type { Contents, PartialShape } from './call.js';

/** Dims that are the same in both; undefined where the ranks differ. */
export function joinShapes(a: PartialShape | undefined, b: PartialShape | undefined): PartialShape | undefined {
  if (!a || !b || a.length !== b.length) return undefined;
  return a.map((dim, axis) => {
    const other = b[axis];
    return dim !== undefined && other !== undefined && equalDims(dim, other) ? dim : undefined;
  });
}

/** `fill` makes dims of what the two do not agree on. */
export function joinTypes(
  a: Type | undefined,
  b: Type | undefined,
  fill: (shape: PartialShape | undefined) => Shape | undefined,
): Type | undefined {
  if (!a || !b) return undefined;
  if (equalTypes(a, b)) return a;
  if (a.kind === 'tensor' && b.kind === 'tensor')
    return a.elem === b.elem ? tensorType(a.elem, fill(joinShapes(a.shape, b.shape))) : undefined;
  if ((a.kind === 'sequence' || a.kind === 'optional') && a.kind === b.kind)
    // Dims inside a container have no place of their own to be unknown at.
    return { kind: a.kind, elem: joinTypes(a.elem, b.elem, () => undefined) };
  return undefined;
}

export function joinContents(a: Contents | undefined, b: Contents | undefined): Contents | undefined {
  return joinShapes(a, b);
}
