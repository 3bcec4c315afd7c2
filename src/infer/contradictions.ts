/** Declarations of a model that the types of its operators refute. */

import { numberedText } from '../ir/dims/symbols.js';
import { scopesIn } from '../ir/scopes/scopes.js';
import { type Type, typeText } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { contradicts } from './declared.js';
import type { Inference } from './inference.js';

/** A declaration that the operators refute. */
export interface Contradiction {
  readonly value: Value;
  readonly declared: Type;
  /** Where it is declared. */
  readonly declaredBy: 'value_info' | 'output';
  readonly inferred: Type;
  /** The node that gives something else. */
  readonly inferredBy: string;
  /** Both, in one line. */
  readonly text: string;
}

/** Every declaration of the main graph and its bodies that cannot be true. */
export function contradictionsOf(inference: Inference): Contradiction[] {
  const found: Contradiction[] = [];
  const compare = (value: Value, declared: Type | undefined, declaredBy: Contradiction['declaredBy']) => {
    const inferred = inference.overruled.get(value) ?? inference.main.typeOf(value);
    if (!declared || !inferred || !value.producer || !contradicts(declared, inferred)) return;
    const inferredBy = value.producer.label;
    const source = declaredBy === 'output' ? 'the graph output' : 'value_info';
    const dimText = numberedText();
    const [said, given] = [typeText(declared, dimText), typeText(inferred, dimText)];
    const text = `"${value.name}": ${source} says ${said}; ${inferredBy} gives ${given}`;
    found.push({ value, declared, declaredBy, inferred, inferredBy, text });
  };
  for (const graph of scopesIn(inference.model.graph)) {
    for (const node of graph.nodes())
      for (const value of node.outputs) if (value) compare(value, value.declared, 'value_info');
    graph.outputPorts.forEach(({ type }, index) => {
      const value = graph.outputs[index];
      if (value) compare(value, type, 'output');
    });
  }
  return found;
}
