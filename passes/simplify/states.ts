/** Initial states of LSTM, GRU and RNN that are zeros ⟶ left out; the default is zeros. */
import type { Facts } from '../../src/infer/index.js';
import type { Node } from '../../src/ir/node.js';
import type { Value } from '../../src/ir/value.js';
import { fillOf } from '../../src/match/views/scalar.js';
import { byOp, everywhere, setInputs } from './rules.js';

const isZero = (value: Value | undefined, facts: Facts): boolean => Object.is(fillOf(value, facts), 0);

function leaveOut(node: Node, facts: Facts): void {
  const inputs = node.inputs.map((value, index) =>
    index >= 5 && index <= 6 && isZero(value, facts) ? undefined : value,
  );
  setInputs(node, inputs.slice(0, inputs.findLastIndex((value) => value !== undefined) + 1));
}

/** Does so in every scope. */
export const leaveOutZeroStates = everywhere(byOp({ LSTM: leaveOut, GRU: leaveOut, RNN: leaveOut }));
