/** What tells repeats apart that share all their weights. */
import type { Node } from '../../ir/node.js';
import { elementCount, type Tensor } from '../../ir/tensors/tensor.js';
import { isFloat } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';

/** A shared constant, and where a repeat reads it: each stand-in gets one of its own meanwhile. */
export interface Anchor {
  readonly value: Value;
  readonly tensor: Tensor;
  /** The place of the node in its segment, and which of its inputs. */
  readonly slots: readonly { readonly place: number; readonly index: number }[];
}

/**
 * Where all weights are shared, as ALBERT's are: the smallest that is no number of the arithmetic; a vector is a bias or a scale.
 * What does not depend on the repeat before, or on its shapes alone, is computed once for all: nothing there may be told apart.
 * `isBefore` knows the nodes of that repeat.
 */
export function anchorOf(nodes: readonly Node[], isBefore: (node: Node) => boolean): Anchor | undefined {
  const carried = new Set<Node>();
  for (const node of nodes) {
    const depends = ({ producer }: Value) => producer !== undefined && (carried.has(producer) || isBefore(producer));
    if (!node.is('Shape') && !node.is('Size') && node.inputs.some((value) => value && depends(value)))
      carried.add(node);
  }
  // A table may be looked up by what shapes tell.
  const isOwn = (value: Value) =>
    [...value.uses].every(({ node }) => (carried.has(node) && !node.is('Gather')) || !nodes.includes(node));
  const vectors = nodes.flatMap(({ inputs }) =>
    inputs.flatMap((value) => (value && isVector(value.tensor) && isOwn(value) ? [value] : [])),
  );
  const size = ({ tensor }: Value) => (tensor as Tensor).byteLength;
  const value = vectors.sort((a, b) => size(a) - size(b))[0];
  if (!value) return undefined;
  const slots = nodes.flatMap((node, place) =>
    node.inputs.flatMap((one, index) => (one === value ? [{ place, index }] : [])),
  );
  return { value, tensor: value.tensor as Tensor, slots };
}

const isVector = (tensor: Tensor | undefined): boolean =>
  tensor !== undefined && isFloat(tensor.type) && elementCount(tensor.shape) > 1;
