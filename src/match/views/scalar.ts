/** Finds the number that a value always is, however the exporter computes it: a constant, Sqrt(Cast(Shape…)), 1/√d. */

import type { Facts } from '../../infer/index.js';
import type { Node } from '../../ir/node.js';
import { agreed } from '../../ir/tensors/bank.js';
import { constantTensor } from '../../ir/tensors/constants.js';
import { numbersOf } from '../../ir/tensors/numbers.js';
import { elementCount, type Tensor } from '../../ir/tensors/tensor.js';
import { isFloat } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';
import { exactly } from '../../ops/interval.js';
import { type ElementSources, heldBy } from '../../ops/moved.js';
import { rowOf } from '../../ops/registry.js';

/**
 * The number of steps left in an expression. An exporter writes no longer scalar, and shared operands would double the
 * steps.
 */
interface StepsLeft {
  left: number;
}
const few = (): StepsLeft => ({ left: 48 });

/** The only number of a one-element value, in double precision; undefined where it is not known. */
export function scalarOf(value: Value | undefined, facts: Facts, steps = few()): number | undefined {
  if (!value || steps.left-- <= 0 || value.shape?.some((dim) => typeof dim === 'number' && dim !== 1)) return undefined;
  const tensor = constantTensor(value);
  if (tensor)
    return elementCount(tensor.shape) === 1 && tensor.type !== 'string'
      ? agreed(tensor, (one) => numbersOf(one)[0])
      : undefined;
  const contents = facts.contents(value);
  if (contents?.length === 1 && typeof contents[0] === 'number') return contents[0];
  if (value.shape?.some((dim) => dim !== 1) ?? true) return undefined;
  const node = value.producer;
  if (!node) return undefined;
  return numberBy(node, value, (input) => scalarOf(input, facts, steps));
}

/** The op's result for numbers alone, unrounded; undefined where its row is not exact to the last digit. */
function computed(node: Node, { elem }: Value, of: NumberOf): number | undefined {
  // Integers come from `contents`.
  if (!isFloat(elem) || node.hasReference) return undefined;
  const number = (index: number): number | undefined => of(node.inputs[index]);
  if (node.is('Pow')) {
    const [x, y] = [number(0), number(1)];
    return x === undefined || y === undefined ? undefined : x ** y;
  }
  const found = rowOf(node)?.range?.((index) => {
    const x = number(index);
    return x === undefined ? undefined : exactly(x);
  }, node);
  return found && Object.is(found.low, found.high) ? found.low : undefined;
}

/** A constant of more elements than this is a weight, not a number that an exporter repeated. */
const REPEATED = 4096;
const repeated = new WeakMap<Tensor, number | undefined>();

/** The number of a value: a scalar, or a constant filled with one number. Its shape may broadcast a value beside it. */
function repeatedOf(value: Value | undefined, facts: Facts): number | undefined {
  const number = scalarOf(value, facts);
  const tensor = number === undefined ? constantTensor(value) : undefined;
  if (!tensor || tensor.type === 'string' || elementCount(tensor.shape) > REPEATED) return number;
  if (!repeated.has(tensor))
    repeated.set(
      tensor,
      agreed(tensor, (one) => {
        const [first, ...rest] = numbersOf(one);
        return rest.every((x) => Object.is(x, first)) ? first : undefined;
      }),
    );
  return repeated.get(tensor);
}

/** The number that fills a moved value; `of` gives the number in a source. */
function numberIn({ sources, fill, recast }: ElementSources, value: Value, of: NumberOf): number | undefined {
  const [first] = sources;
  const number = first && of(first);
  const isAll = (other: number | undefined): boolean => Object.is(other, number);
  const isOne = sources.slice(1).every((source) => isAll(of(source))) && (fill === undefined || isAll(fill));
  if (number === undefined || !isOne) return undefined;
  return recast ? recast(number, value.elem) : number;
}

/** The number that every element of a value is: a scalar, or one that was repeated; undefined where it is not known. */
export function fillOf(value: Value | undefined, facts: Facts, steps = few()): number | undefined {
  const number = repeatedOf(value, facts);
  const node = value?.producer;
  if (number !== undefined || !value || !node || steps.left-- <= 0) return number;
  return numberBy(node, value, (input) => fillOf(input, facts, steps));
}

type NumberOf = (input: Value | undefined) => number | undefined;

/** The number that fills a node's output; `of` gives the number in an input. */
function numberBy(node: Node, value: Value, of: NumberOf): number | undefined {
  const held = heldBy(value);
  if (held && !held.isChoice) return numberIn(held, value, of);
  if (node.is('ConstantOfShape') && !node.hasReference) return filled(node);
  return computed(node, value, of) ?? (held && numberIn(held, value, of));
}

function filled(node: Node): number | undefined {
  const fill = node.tensorAttribute('value');
  return fill ? numbersOf(fill)[0] : 0;
}
