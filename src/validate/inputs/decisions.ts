/**
 * Finds numbers for inputs that decide something: a sample rate, a mode, a flag. Each side of each decision wants a
 * run.
 */

import { under } from '../../ir/collections/named.js';
import type { Model } from '../../ir/model.js';
import { numbersOf } from '../../ir/tensors/numbers.js';
import { dataTypes, isInteger } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';
import type { TensorData, Tensors } from '../../runtime/isolate.js';
import { fromTensorData } from '../../runtime/tensor-data.js';
import { readersOf, scalarOf } from './flow.js';

/** A deciding input by name, with one number for it. */
export type DecidingNumbers = Readonly<Record<string, number>>;

/** A comparison of an input with a constant. `isOrdered`: below and above differ. */
interface ConstantComparison {
  readonly constant: number;
  readonly isOrdered: boolean;
}

const ordered = ['Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual'];

/** At most this many sides are tried, over all inputs together. */
const MOST = 8;

/** The sides that none of these runs took, each with a number that takes it. */
export function sidesOf(model: Model, runs: readonly Tensors[]): DecidingNumbers[] {
  const sides: DecidingNumbers[] = [];
  for (const input of model.graph.inputs) {
    const seen = runs.flatMap((tensors) => firstNumber(under(tensors, input.name)) ?? []);
    if (!seen.length) continue;
    const decisions = decisionsOf(model, input);
    const { bits, kind } = dataTypes[input.elem ?? 'float32'];
    const others = decisions.map(({ constant }) => constant);
    const holds = (number: number): boolean =>
      input.elem === 'bool'
        ? number === 0 || number === 1
        : kind === 'float' || number >= (kind === 'signed' ? -(2 ** (bits - 1)) : 0);
    for (const { constant, isOrdered } of decisions) {
      const [below, above] = besides(input, constant);
      const isBelow = (number: number) => number < constant;
      const isAbove = (number: number) => number > constant;
      const isOther = (number: number) => number !== constant;
      const isEqual = (number: number) => number === constant;
      const tests = isOrdered ? [isEqual, isBelow, isAbove] : [isEqual, isOther];
      for (const test of tests) {
        const number = [constant, ...others, below, above].find((one) => test(one) && holds(one));
        if (number === undefined || seen.some(test)) continue;
        seen.push(number);
        sides.push({ [input.name]: number });
      }
    }
  }
  return sides.slice(0, MOST);
}

/** The constants that a one-element input is compared with. A cast to a condition compares with zero. */
function decisionsOf(model: Model, input: Value): ConstantComparison[] {
  if (input.shape?.every((dim) => dim === 1) !== true) return [];
  const decisions = new Map<number, boolean>();
  for (const { node, index, offset } of readersOf(model, input)) {
    const isOrdered = ordered.some((op) => node.is(op));
    const compared = isOrdered || node.is('Equal') ? scalarOf(node.inputs[1 - index]) : undefined;
    const isCondition = ((node.is('If') || node.is('Where')) && index === 0) || node.is('Not');
    const constant = isCondition ? 0 : compared;
    if (constant === undefined || !Number.isFinite(constant)) continue;
    const place = constant - offset;
    decisions.set(place, decisions.get(place) === true || isOrdered);
  }
  return [...decisions].map(([constant, isOrdered]) => ({ constant, isOrdered }));
}

/**
 * A number below a constant, and one above. Rates and sizes come halved and doubled rather than with one more or less.
 */
function besides({ elem }: Value, constant: number): [below: number, above: number] {
  if (constant >= 1000 && constant % 2 === 0) return [constant / 2, constant * 2];
  const step = isInteger(elem) || elem === 'bool' ? 1 : Math.max(1, Math.abs(constant)) / 2;
  return [constant - step, constant + step];
}

function firstNumber(tensor: TensorData | undefined): number | undefined {
  return tensor && tensor.type !== 'string' ? numbersOf(fromTensorData(tensor))[0] : undefined;
}
