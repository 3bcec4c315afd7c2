/** What is computed number by number of a reduction without its axes, which are put back later: Unsqueeze(√(mean(x²) + ε)). */

import type { Facts } from '../infer/index.js';
import { append } from '../ir/lists.js';
import type { Node } from '../ir/node.js';
import { equalShapes } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { movementOf } from '../ops/moved.js';
import { isPlain } from './plain.js';
import { scalarOf } from './scalar.js';

const reductions = new Set(['ReduceMean', 'ReduceSum', 'ReduceSumSquare', 'ReduceL2']);
const unary = new Set(['Sqrt', 'Reciprocal', 'Neg']);
const binary = new Set(['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Max', 'Min']);
/** A root, an epsilon, a count, two moments and their spellings. */
const NODES = 16;

/** The op that gives its input another shape and leaves the numbers in their order; undefined where it does more. */
export function reshapeOf(value: Value): Node | undefined {
  const movement = movementOf(value);
  return movement?.kind === 'regrouped' && !movement.keepsShape ? value.producer : undefined;
}

/**
 * The value before such an op, where each of its numbers is a function of the numbers of reductions at the same place: that
 * function may then be read as if it stood after the op. undefined where anything else is in it, or where it is a reduction.
 */
export function functionBefore(value: Value, facts: Facts): Value | undefined {
  const before = reshapeOf(value)?.inputs[0];
  if (!before?.producer || reductions.has(before.producer.opType)) return undefined;
  const open = [before];
  for (let count = 0; count < NODES; count++) {
    const one = open.pop();
    if (!one) return before;
    const node = one.producer;
    if (node?.domain !== '' || node.hasReference) return undefined;
    if (reductions.has(node.opType)) {
      if (node.int('keepdims', 1) !== 0) return undefined;
      continue;
    }
    const operands = operandsOf(node, facts);
    if (!operands?.every(({ shape }) => equalShapes(shape, one.shape))) return undefined;
    append(open, operands);
  }
  return undefined;
}

/** What an op is a function of, number by number, beside operands that are one number. */
function operandsOf(node: Node, facts: Facts): readonly Value[] | undefined {
  const given = node.inputs.filter((input) => input !== undefined);
  if (isPlain(node) || unary.has(node.opType)) return given.slice(0, 1);
  if (!binary.has(node.opType) || given.length !== 2) return undefined;
  const open = [...new Set(given)].filter((input) => scalarOf(input, facts) === undefined);
  if (open.length === 0 || (node.is('Pow') && (open.length > 1 || open[0] !== given[0]))) return undefined;
  return open;
}
