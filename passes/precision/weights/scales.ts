/** Distinguishes the scales and zeros of a quantized weight from weights. */
import type { Node } from '../../../src/ir/node.js';
import { dataTypes } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';

/** (Cast(integers) − zeros) · scales, of constants or of rows that are looked up in them: true for zeros and scales. */
export const isScale = (value: Value): boolean =>
  value.uses.size > 0 && value.users.every((node) => scales(node, value));

/** Nodes between a constant and the Mul: its rows, its type, its shape. */
const passing = new Set(['Cast', 'Gather', 'Identity', 'Reshape']);

function scales(node: Node, value: Value): boolean {
  if (node.domain !== '') return false;
  if (node.is('Mul') || node.is('Sub')) return node.inputs.some((other) => other !== value && isInteger(other));
  return passing.has(node.opType) && node.inputs[0] === value && isScale(node.output);
}

/** True for an integer constant of few bits, its rows, and values between it and the product with its scales. */
function isInteger(value: Value | undefined): boolean {
  for (let from = value; from; from = from.producer?.inputs[0]) {
    if (from.tensor) {
      const { kind, bits } = dataTypes[from.tensor.type];
      return (kind === 'signed' || kind === 'unsigned') && bits <= 8;
    }
    const node = from.producer;
    if (node?.domain !== '' || !(passing.has(node.opType) || node.is('Sub'))) return false;
  }
  return false;
}
