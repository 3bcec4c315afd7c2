/** Initial states of LSTM, GRU and RNN that are zeros ⟶ left out, which means zeros. */
import type { Facts } from '../../src/infer/index.js';
import type { Model } from '../../src/ir/model.js';
import type { Value } from '../../src/ir/value.js';
import { fillOf } from '../../src/match/scalar.js';

const isZero = (value: Value | undefined, facts: Facts): boolean => Object.is(fillOf(value, facts), 0);

const recurrent = new Set(['LSTM', 'GRU', 'RNN']);

/** Does so in every scope. */
export function leaveOutZeroStates(model: Model, facts: Facts): void {
  for (const graph of model.graphs())
    for (const node of graph.nodes()) {
      if (node.domain !== '' || !recurrent.has(node.opType)) continue;
      for (const index of [5, 6]) if (isZero(node.inputs[index], facts)) graph.setInput(node, index, undefined);
      const last = node.inputs.findLastIndex((value) => value !== undefined);
      if (last < node.inputs.length - 1) graph.truncateInputs(node, last + 1);
    }
}
