/** Recurrent operators. */
import type { Call, InferRule, PartialDim } from '../call.js';
import { all, type Demand, rank, sameDim } from '../demands.js';
import { heavy } from '../precision.js';
import { everyStep } from '../products.js';
import type { Rows } from '../row.js';
import { recurrentWeights } from '../weights.js';

/** The last axis of the recurrence weights R is the hidden size. */
const hiddenOf = (call: Call) => call.int('hidden_size') ?? call.dim(2, 2);

/** Outputs of a recurrent operator with `states` final states. */
export const recurrence =
  (states: number, hiddenSize: (call: Call) => PartialDim = hiddenOf): InferRule =>
  (call) => {
    const [first, second] = [call.dim(0, 0), call.dim(0, 1)];
    const hidden = hiddenSize(call);
    const directions = call.string('direction') === 'bidirectional' ? 2 : 1;
    if (call.int('layout', 0) === 1) {
      call.set(0, [first, second, directions, hidden]);
      for (let index = 1; index <= states; index++) call.set(index, [first, directions, hidden]);
    } else {
      call.set(0, [first, directions, second, hidden]);
      for (let index = 1; index <= states; index++) call.set(index, [directions, second, hidden]);
    }
  };

/** A sequence, weights and states have three axes. */
const threefold: Demand = all(rank(0, 3), rank(1, 3), rank(2, 3), rank(5, 3), rank(6, 3), sameDim(0, 2, 1, 2));

export const recurrent: Rows = {
  RNN: { infer: recurrence(1), demands: threefold, precision: heavy, weights: recurrentWeights, products: everyStep },
  GRU: { infer: recurrence(1), demands: threefold, precision: heavy, weights: recurrentWeights, products: everyStep },
  LSTM: { infer: recurrence(2), demands: threefold, precision: heavy, weights: recurrentWeights, products: everyStep },
};
