/** Initial states of LSTM, GRU and RNN that are zeros ⟶ left out, which means zeros. */
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { numbersOf } from '../../src/ir/numbers.js';
import type { Value } from '../../src/ir/value.js';
import { isAll } from './small.js';

/** Ops that make zeros of zeros, whatever their other inputs are. */
const moving = new Set([
  'Identity',
  'Slice',
  'Expand',
  'Reshape',
  'Squeeze',
  'Unsqueeze',
  'Transpose',
  'Tile',
  'Gather',
]);

function isZero(value: Value | undefined): boolean {
  let source = value;
  let node: Node | undefined;
  for (;;) {
    if (isAll(source, 0)) return true;
    node = source?.producer;
    if (node?.domain !== '' || node.hasReference) return false;
    if (!moving.has(node.opType)) break;
    source = node.inputs[0];
  }
  if (node.opType !== 'ConstantOfShape') return false;
  const fill = node.tensorAttribute('value');
  return !fill || numbersOf(fill).every((number) => Object.is(number, 0));
}

const recurrent = new Set(['LSTM', 'GRU', 'RNN']);

/** Does so in every scope. */
export function leaveOutZeroStates(model: Model): void {
  for (const graph of model.graphs())
    for (const node of graph.nodes()) {
      if (node.domain !== '' || !recurrent.has(node.opType)) continue;
      for (const index of [5, 6]) if (isZero(node.inputs[index])) graph.setInput(node, index, undefined);
      const last = node.inputs.findLastIndex((value) => value !== undefined);
      if (last < node.inputs.length - 1) graph.truncateInputs(node, last + 1);
    }
}
