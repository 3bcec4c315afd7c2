/** Ops that spell algebra, and the values that are computed with them from a value or behind it. */
import type { Node } from '../../ir/node.js';
import type { Value } from '../../ir/value.js';
import { reshapeOf } from '../views/reshaped.js';
import type { Reduction } from './normal-form.js';

/** The ops of a formula, besides calls, reductions and other shapes. */
const spelling = 'Add Sub Mul Div Neg Reciprocal Sqrt Pow Identity Cast Max Clip Relu Sum';
export const calls: ReadonlySet<string> = new Set(['Exp', 'Erf', 'Tanh', 'Sigmoid']);
const reductions: ReadonlyMap<string, Reduction['opType']> = new Map([
  ['ReduceMean', 'Mean'],
  ['ReduceSum', 'Total'],
  ['ReduceSumSquare', 'Total'],
  ['ReduceL2', 'Total'],
  ['ReduceMax', 'Highest'],
]);
const algebra: ReadonlySet<string> = new Set([...spelling.split(' '), ...calls, ...reductions.keys()]);

/** The ops that may be seen through where a rough resemblance is enough. */
export const looseOps: ReadonlySet<string> = new Set(['Cast', 'Max', 'Clip', 'Relu']);

/** True if a formula may be spelled with ops of this type. */
export const spellsAlgebra = (opType: string): boolean => algebra.has(opType);

/** The reduction that a node spells; undefined for another op. */
export const reductionOf = (node: Node | undefined): Reduction['opType'] | undefined =>
  node?.domain === '' ? reductions.get(node.opType) : undefined;

/** True if a node may spell such a reduction: a mean and a sum are multiples of each other. */
export function spells(node: Node, opType: Reduction['opType']): boolean {
  const found = reductionOf(node);
  return found !== undefined && (found === 'Highest') === (opType === 'Highest');
}

export const isAlgebra = (node: Node): boolean =>
  (node.domain === '' && algebra.has(node.opType) && !node.hasReference) || reshapeOf(node.outputs[0]) !== undefined;

/** A formula is followed over at most this many values. */
const STEPS = 40;

/** The value, and the values computed from it by algebra. */
export function forwardOf(value: Value): ReadonlySet<Value> {
  const found = new Set([value]);
  for (const one of found)
    for (const { node: user } of one.uses) {
      if (found.size > STEPS) return found;
      const [next] = user.outputs;
      if (next && (isAlgebra(user) || user.is('BatchNormalization'))) found.add(next);
    }
  return found;
}

/** Adds the values that a value is computed from by algebra, as long as they are few enough to search. */
export function addBehind(found: Set<Value>, { producer }: Value): void {
  if (found.size > STEPS || !producer || !isAlgebra(producer)) return;
  for (const input of producer.inputs) if (input && !input.isConstant && found.size <= STEPS) found.add(input);
}

/** The value, and the values that it is computed from by algebra; undefined where they are too many to search. */
export function allBehind(value: Value): ReadonlySet<Value> | undefined {
  const found = new Set([value]);
  for (const one of found) {
    if (found.size > STEPS) return undefined;
    addBehind(found, one);
  }
  return found;
}
