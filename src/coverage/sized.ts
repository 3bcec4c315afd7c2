/** Copies a model at given sizes of its inputs: all dims that follow from these are numbers. */
import { type Facts, inferTypes } from '../infer/index.js';
import type { Model } from '../ir/model.js';
import { tensorType } from '../ir/types.js';
import { cloneModel } from '../ir/whole-model/clone.js';

export interface SizedModel {
  readonly model: Model;
  readonly facts: Facts;
}

/** The shapes of inputs, by name. */
export type InputShapes = ReadonlyMap<string, readonly number[]>;

export function sizedModel(model: Model, shapes: InputShapes): SizedModel {
  const copy = cloneModel(model);
  for (const input of copy.graph.inputs) {
    const shape = shapes.get(input.name);
    if (shape && input.elem) input.type = tensorType(input.elem, shape);
  }
  return { model: copy, facts: inferTypes(copy) };
}

/** The shapes of a model's inputs that it is counted at. */
export type SizeChoice = (model: Model) => InputShapes;

/** The first choice that a model's operators accept, else the first: tables of positions and reshapes accept only some. */
export function fittingChoice(
  model: Model,
  choices: readonly SizeChoice[],
): { readonly shapesOf: SizeChoice; readonly sized: SizedModel } {
  let first: { readonly shapesOf: SizeChoice; readonly sized: SizedModel } | undefined;
  for (const shapesOf of choices) {
    const tried = { shapesOf, sized: sizedModel(model, shapesOf(model)) };
    if (tried.sized.facts.violations.length === 0) return tried;
    first ??= tried;
  }
  if (!first) throw new RangeError('expected a choice of sizes; found none');
  return first;
}
