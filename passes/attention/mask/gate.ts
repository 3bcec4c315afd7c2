/**
 * Reads scores that are multiplied by a mask and then filled: m · scores − c · (1 − m) overwrites by −c where m is 0.
 */
import type { Facts } from '../../../src/infer/index.js';
import { agreed } from '../../../src/ir/tensors/bank.js';
import { constantTensor } from '../../../src/ir/tensors/constants.js';
import { numbersOf } from '../../../src/ir/tensors/numbers.js';
import { elementCount } from '../../../src/ir/tensors/tensor.js';
import type { Value } from '../../../src/ir/value.js';
import { scalarOf } from '../../../src/match/views/scalar.js';
import { heldBy } from '../../../src/ops/moved.js';

/** Constants larger than this are not read, expressions deeper are not looked into. */
const READ = 1 << 22;
const DEPTH = 12;

/** Finds the number that `added` is where the gate is 0; undefined where it does not vanish where the gate is 1. */
export function fillOfGate(added: Value, gate: Value, facts: Facts): number | undefined {
  const line = lineOf(added, gate, facts);
  return line && line.at0 + line.slope === 0 ? line.at0 : undefined;
}

interface Line {
  readonly at0: number;
  readonly slope: number;
}

/** Writes a value as at0 + slope · gate. */
function lineOf(value: Value | undefined, gate: Value, facts: Facts, depth = 0): Line | undefined {
  if (!value || depth > DEPTH) return undefined;
  if (value === gate) return { at0: 0, slope: 1 };
  const number = scalarOf(value, facts);
  if (number !== undefined) return { at0: number, slope: 0 };
  const node = value.producer;
  if (node?.domain !== '' || node.hasReference) return undefined;
  const [a, b] = [0, 1].map((index) => lineOf(node.inputs[index], gate, facts, depth + 1));
  if (node.is('Identity')) return a;
  if (node.is('Neg')) return a && times(a, -1);
  if (!a || !b) return undefined;
  if (node.is('Add')) return { at0: a.at0 + b.at0, slope: a.slope + b.slope };
  if (node.is('Sub')) return { at0: a.at0 - b.at0, slope: a.slope - b.slope };
  if (node.is('Mul')) return b.slope === 0 ? times(a, b.at0) : a.slope === 0 ? times(b, a.at0) : undefined;
  if (node.is('Div')) return b.slope === 0 && b.at0 !== 0 ? times(a, 1 / b.at0) : undefined;
  return undefined;
}

const times = ({ at0, slope }: Line, factor: number): Line => ({ at0: at0 * factor, slope: slope * factor });

/** True where every element is 0 or 1. */
export function isZeroOrOne(value: Value | undefined, depth = 0): boolean {
  if (!value || depth > DEPTH) return false;
  if (value.elem === 'bool') return true;
  const tensor = constantTensor(value);
  if (tensor)
    return (
      tensor.type !== 'string' &&
      elementCount(tensor.shape) <= READ &&
      agreed(tensor, (one) => numbersOf(one).every((x) => x === 0 || x === 1)) === true
    );
  const held = heldBy(value);
  if (held) {
    const isFilled = held.fill === undefined || held.fill === 0 || held.fill === 1;
    return isFilled && held.sources.every((source) => isZeroOrOne(source, depth + 1));
  }
  const node = value.producer;
  return node?.is('Mul') === true && node.inputs.every((input) => isZeroOrOne(input, depth + 1));
}
