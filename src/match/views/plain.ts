/** The value behind ops that do nothing: Identity, and a Cast to the type that is there. */
import type { Node } from '../../ir/node.js';
import type { Value } from '../../ir/value.js';

/** True for an op whose output is its input. Exporters leave such Casts where a model computes in its weights' own type. */
export const isPlain = (node: Node): boolean =>
  node.is('Identity') ||
  (node.is('Cast') && node.output.elem !== undefined && node.output.elem === node.inputs[0]?.elem);

/** The first value that is not just another name, and the nodes between. */
export function plainOf(value: Value): { readonly of: Value; readonly nodes: readonly Node[] } {
  const nodes: Node[] = [];
  let of = value;
  for (let node = of.producer; node && isPlain(node) && node.inputs[0]; node = of.producer) {
    nodes.push(node);
    of = node.inputs[0];
  }
  return { of, nodes };
}
