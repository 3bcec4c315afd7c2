/** Types of every value of a model, and what small integer values hold. Linear in the model's size. */
import { z } from 'zod';
import type { Dim, SymbolName } from '../ir/dims/dims.js';
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import { optionsIn } from '../ir/options/options.js';
import { dataTypes } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { type Contradiction, contradictionsOf } from './contradictions.js';
import { Inference } from './inference.js';
import { decisionsOf, type ForcedCondition } from './suppose.js';
import { type Violation, violationsOf } from './violations.js';

export { type OperatorSchema, schemaOf } from '../onnx/schemas/schema.js';
export type { Contradiction } from './contradictions.js';
export { branchOf, type ForcedCondition } from './suppose.js';
export type { Violation } from './violations.js';

export interface InferOptions {
  /** Dims in place of symbols of the model's inputs. */
  readonly bindings?: ReadonlyMap<SymbolName, Dim>;
}

const inferOptions = z.object({
  bindings: z.custom<Map<SymbolName, Dim>>((value) => value instanceof Map, 'expected a Map of dims'),
});
const none: InferOptions = {};

/** What inference found out about the values of a model, beside their types. */
export interface Facts {
  /** The elements of an integer or boolean value of rank 0 or 1, as numbers and symbolic dims, where all are known. */
  contents(value: Value): readonly Dim[] | undefined;
  /** Where the file declares something else than what the operators give; inference wins. */
  readonly contradictions: readonly Contradiction[];
  /** Where an operator gets what it cannot take: such a model is refused, or fails when it runs. To be asked before the model is edited. */
  readonly violations: readonly Violation[];
  /** The Ifs of which one branch fails in every run that takes it. To be asked before the model is edited. */
  decisions(): ReadonlyMap<Node, ForcedCondition>;
}

/** What was found when nothing has been edited since: passes, rules and the pipeline each ask, and one answer serves them all. */
const latest = new WeakMap<Model, { readonly revision: number; readonly facts: Facts }>();

/**
 * Sets `value.type` in every scope to what follows from the inputs and constants; `value.declared` stays. Declared shapes of computed
 * values are not trusted, except for operators that no schema knows; declared element types are, of a model as it was read. Inferring twice changes nothing, and costs nothing.
 */
export function inferTypes(model: Model, given: InferOptions = none): Facts {
  const options: InferOptions = given === none ? none : optionsIn(inferOptions, given, 'inferTypes');
  const known = latest.get(model);
  if (known?.revision === model.revision && !options.bindings) return known.facts;
  const facts = infer(model, options);
  if (!options.bindings) latest.set(model, { revision: model.revision, facts });
  return facts;
}

function infer(model: Model, options: InferOptions): Facts {
  const inference = new Inference(model, options.bindings ?? new Map());
  inference.run();
  const contradictions = contradictionsOf(inference);
  inference.commit();
  let violations: readonly Violation[] | undefined;
  return {
    contradictions,
    get violations() {
      violations ??= violationsOf(inference);
      return violations;
    },
    contents: (value) => integers(inference, value),
    decisions: () => decisionsOf(inference),
  };
}

function integers(inference: Inference, value: Value): readonly Dim[] | undefined {
  const { type } = value;
  if (type?.kind !== 'tensor' || !type.shape || type.shape.length > 1) return undefined;
  const { kind } = dataTypes[type.elem];
  if (kind !== 'signed' && kind !== 'unsigned' && kind !== 'bool') return undefined;
  const contents = inference.contentsOf(value);
  const isKnown = contents?.every((one) => (typeof one === 'number' ? Number.isSafeInteger(one) : one !== undefined));
  return isKnown ? (contents as Dim[]) : undefined;
}
