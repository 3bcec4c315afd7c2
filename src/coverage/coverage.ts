/** Reports the types that a model's weights are stored in and its multiply-adds are computed in, before and after, and why weights stay float. */
import type { Model } from '../ir/model.js';
import type { Target } from '../ir/targets/targets.js';
import { type Computed, computedIn } from './computed.js';
import { type LeftWeightGroup, leftIn, type NarrowingPass } from './left.js';
import { fittingChoice, type SizeChoice, sizedModel } from './sized.js';

export interface Coverage {
  /** Multiply-adds by the type that they are computed in. Bytes by type are in the summaries of the models. */
  readonly computed: { readonly before: Computed['byType']; readonly after: Computed['byType'] };
  /** Nodes whose number of multiply-adds is unknown, by op. */
  readonly notCounted: Computed['notCounted'];
  /** The sizes that are assumed for inputs whose sizes the model leaves open. */
  readonly sizes: Readonly<Record<string, readonly number[]>>;
  readonly left: readonly LeftWeightGroup[];
}

export interface CoverageOptions {
  readonly target: Target;
  readonly passes: readonly NarrowingPass[];
  /** Sizes for the inputs of a model, the best choice first, at least one. */
  readonly choices: readonly SizeChoice[];
}

/** Counts at the first sizes that the original's operators accept: tables of positions and reshapes accept only some. */
export function coverageOf(before: Model, after: Model, { target, passes, choices }: CoverageOptions): Coverage {
  const { shapesOf, sized } = fittingChoice(before, choices);
  const was = computedIn(sized, target);
  const shapes = shapesOf(after);
  const is = computedIn(sizedModel(after, shapes), target);
  return {
    computed: { before: was.byType, after: is.byType },
    notCounted: is.notCounted,
    sizes: Object.fromEntries([...shapes].map(([name, shape]) => [name, [...shape]])),
    left: leftIn(after, passes),
  };
}
