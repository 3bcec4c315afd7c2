/** An edit that changes nothing. */
import type { Model } from '../../src/ir/model.js';

/** A change and its opposite: the writer then builds the model from its parts, as it does after any edit. */
export function edit(model: Model): void {
  const { docString } = model;
  model.docString = 'edited';
  model.docString = docString;
}
