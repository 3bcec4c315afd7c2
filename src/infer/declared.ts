/** What a file declares of its values, held against what is inferred. */
import { scopesIn } from '../ir/scopes.js';
import { numberedText } from '../ir/symbols.js';
import { equalTypes, type Type, typeText } from '../ir/types.js';
import type { Value } from '../ir/value.js';
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

/** What was inferred of a model as it was read where that contradicts a declaration, by the declared type. */
const refuted = new WeakMap<Type, Type>();

/**
 * True where a declaration that inference contradicts stays: of a model as it was read, which is not ours to correct, and later as long as
 * inference says the same. Otherwise an edit has changed what is declared.
 */
export function stillHolds(declared: Type, inferred: Type, isAsRead: boolean): boolean {
  if (isAsRead) refuted.set(declared, inferred);
  const known = refuted.get(declared);
  // Dims that nobody knows are a copy's own.
  return known !== undefined && (equalTypes(known, inferred) || typeText(known) === typeText(inferred));
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

/** True where no value can be of both types. Names of dims say nothing. */
export function contradicts(a: Type, b: Type): boolean {
  if (a.kind !== b.kind) return true;
  if (a.kind === 'tensor' || a.kind === 'sparse') {
    const { elem, shape } = b as typeof a;
    if (a.elem !== elem && a.elem !== 'undefined') return true;
    if (!a.shape || !shape) return false;
    if (a.shape.length !== shape.length) return true;
    return a.shape.some((dim, axis) => {
      const other = shape[axis];
      return typeof dim === 'number' && typeof other === 'number' && dim !== other;
    });
  }
  if (a.kind === 'map' || a.kind === 'opaque') return false;
  const { elem } = b as typeof a;
  return a.elem !== undefined && elem !== undefined && contradicts(a.elem, elem);
}
