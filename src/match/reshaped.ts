/** What is computed number by number of a reduction without its axes, which are put back later: Unsqueeze(√(mean(x²) + ε)). */
import type { Facts } from '../infer/index.js';
import type { Node } from '../ir/node.js';
import { equalShapes } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { isPlain } from './plain.js';
import { scalarOf } from './scalar.js';

const reductions = new Set(['ReduceMean', 'ReduceSum', 'ReduceSumSquare', 'ReduceL2']);
const unary = new Set(['Sqrt', 'Reciprocal', 'Neg']);
const binary = new Set(['Add', 'Sub', 'Mul', 'Div', 'Pow']);
/** A root, an epsilon, a count and their spellings. */
const STEPS = 8;

/** The op that gives its input another shape and leaves the numbers in their order; undefined where it does more. */
export function reshapeOf(value: Value): Node | undefined {
  const node = value.producer;
  return node && !node.hasReference && (node.is('Unsqueeze') || node.is('Reshape')) ? node : undefined;
}

/**
 * The value before such an op, where each of its numbers is a function of the one number of a reduction at the same place: that
 * function may then be read as if it stood after the op. undefined where anything else is in it, or where it is the reduction.
 */
export function functionBefore(value: Value, facts: Facts): Value | undefined {
  const before = reshapeOf(value)?.inputs[0];
  let one = before;
  for (let step = 0; one && step < STEPS; step++) {
    const node: Node | undefined = one.producer;
    if (node?.domain !== '' || node.hasReference) return undefined;
    if (reductions.has(node.opType)) return step > 0 && node.int('keepdims', 1) === 0 ? before : undefined;
    const next = operandOf(node, facts);
    if (!next || !equalShapes(next.shape, one.shape)) return undefined;
    one = next;
  }
  return undefined;
}

/** What an op is a function of, number by number, where its other operand is one number. */
function operandOf(node: Node, facts: Facts): Value | undefined {
  const [a, b] = node.inputs;
  if (isPlain(node) || unary.has(node.opType)) return a;
  if (!binary.has(node.opType)) return undefined;
  if (a === b || scalarOf(b, facts) !== undefined) return a;
  return node.is('Pow') || scalarOf(a, facts) === undefined ? undefined : b;
}
