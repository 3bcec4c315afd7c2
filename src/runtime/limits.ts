/** What a run of a model may take, by the clock and in memory: how often a loop goes on, and what it gathers, is known only when it runs. */
import type { Model } from '../ir/model.js';
import { elementCount } from '../ir/tensor.js';

/** A model of so many weights is no trick: it is run, whatever that takes. */
export const HONEST = 2 ** 24;

/** Weights for which a run may take as long again as the budget says, and bytes for each. */
const WEIGHTS = 2 ** 20;
const BYTES = 2 ** 14;

/** Where the process of a run is ended, and what is said of it. */
export interface RunLimits {
  readonly seconds: number;
  readonly tooLong: string;
  readonly bytes: number;
  readonly tooLarge: string;
}

/** Undefined where the model may take what it likes. */
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

/** Elements of all constants; those of a sparse one are more than its file holds. */
export function weightsOf(model: Model): number {
  let weights = 0;
  for (const { constants } of model.graphs())
    for (const { tensor } of constants) weights += tensor?.sparse ? 0 : elementCount(tensor?.shape ?? []);
  return weights;
}
