/**
 * Limits the run of a model in time and memory: the number of a loop's turns, and the size of what it collects, are
 * known only at run time.
 */
import type { Model } from '../ir/model.js';
import { elementCount } from '../ir/tensors/tensor.js';

/** A model with this many weights is no trick: it is run, whatever that takes. */
export const HONEST = 2 ** 24;

/** A run gets the budget's time again for each this many weights, and this many bytes for each weight. */
const WEIGHTS = 2 ** 20;
const BYTES = 2 ** 14;

/** The limits at which the process of a run is ended, with the message for it. */
export interface RunLimits {
  readonly seconds: number;
  readonly tooLong: string;
  readonly bytes: number;
  readonly tooLarge: string;
}

/** Undefined for a model without limits. */
export function runLimitsOf(model: Model): RunLimits | undefined {
  const weights = weightsOf(model);
  if (weights > HONEST) return undefined;
  const { budget } = model;
  return {
    seconds: Math.ceil(budget.limitOf('run-seconds') * (1 + weights / WEIGHTS)),
    tooLong: budget.reasonOf('run-seconds'),
    bytes: budget.limitOf('run-bytes') + BYTES * weights,
    tooLarge: budget.reasonOf('run-bytes'),
  };
}

/** The number of elements of all constants. A sparse constant has more than its file holds. */
export function weightsOf(model: Model): number {
  let weights = 0;
  for (const { constants } of model.graphs())
    for (const { tensor } of constants) weights += tensor?.sparse ? 0 : elementCount(tensor?.shape ?? []);
  return weights;
}
