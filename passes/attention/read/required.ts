/**
 * Finds dims that a graph needs in order to run: a Reshape of [batch, sequence] to [batch, 1, 1, 9] says that the
 * sequence is 9.
 */

import { append } from '../../../src/ir/collections/lists.js';
import { type Dim, divideExactly, productOf, type SymbolName, symbol } from '../../../src/ir/dims/dims.js';
import { substitute } from '../../../src/ir/dims/substitute.js';
import { symbolsOf } from '../../../src/ir/dims/symbols.js';
import type { Node } from '../../../src/ir/node.js';
import type { Value } from '../../../src/ir/value.js';

/** The most nodes above the values that are looked at. */
const NODES = 64;

/** Rewrites dims by the requirements of the Reshapes above some values. */
export function requiredBy(values: readonly Value[]): (dim: Dim) => Dim {
  const sizes = new Map<SymbolName, Dim>();
  const seen = new Set<Node>();
  const front = [...values];
  for (let value = front.shift(); value && seen.size < NODES; value = front.shift()) {
    const node = value.producer;
    if (!node || seen.has(node)) continue;
    seen.add(node);
    append(
      front,
      node.inputs.filter((input) => input !== undefined),
    );
    if (node.is('Reshape')) for (const [name, size] of equations(node)) sizes.set(name, size);
  }
  return (dim) => (sizes.size > 0 ? substitute(dim, sizes) : dim);
}

/** Lists the symbols of a Reshape's input, if its output has but a number in their place. */
function equations(node: Node): [SymbolName, Dim][] {
  const [from, to] = [node.inputs[0]?.shape, node.outputs[0]?.shape];
  if (!from || !to) return [];
  const [given, wanted] = [productOf(from), productOf(to)];
  return symbolsOf(given).flatMap((name): [SymbolName, Dim][] => {
    const others = divideExactly(given, symbol(name));
    const size = others === undefined ? undefined : divideExactly(wanted, others);
    return typeof size === 'number' ? [[name, size]] : [];
  });
}
