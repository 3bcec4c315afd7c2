/** Finds the origin of an output's numbers: the operator that made them, through ops that only move or recast them. */
import type { Node } from '../../ir/node.js';
import type { Value } from '../../ir/value.js';
import { heldBy } from '../../ops/moved.js';

/** The depth limit for Concats of Concats and Ifs in Ifs: each step asks all inputs. */
const DEPTH = 4;

/**
 * The node behind a value; undefined for an input or a constant. A Concat or an If with the same origin on all sides
 * has that origin, and so has a mean of it.
 */
export function originOf(value: Value | undefined, left = DEPTH): Node | undefined {
  let from = value;
  for (;;) {
    const node = from?.producer;
    if (node?.domain !== '') return node;
    if (node.is('If')) return ofBranches(node, node.outputs.indexOf(from), left - 1) ?? node;
    const held = heldBy(from);
    const isMoved =
      node.is('ReduceMean') ||
      node.is('ReduceMax') ||
      (held && !held.isChoice && held.sources.slice(1).every((one) => one.isConstant));
    if (!(isMoved && !node.inputs[0]?.isConstant) && !(node.is('Concat') && isOfOneOp(node, left - 1))) return node;
    from = node.inputs[0];
  }
}

function ofBranches(node: Node, index: number, left: number): Node | undefined {
  if (left === 0) return undefined;
  const [first, second] = node.bodies.map((body) => originOf(body.outputs[index], left));
  return first?.opType === second?.opType ? first : undefined;
}

const isOfOneOp = ({ inputs }: Node, left: number): boolean => {
  if (left === 0) return false;
  const ops = new Set(inputs.map((input) => originOf(input, left)?.opType));
  return ops.size === 1 && !ops.has(undefined);
};
