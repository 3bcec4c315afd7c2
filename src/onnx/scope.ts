/** Names while a file is read: afterwards a value is its object. */
import { ModelError } from '../ir/text/errors.js';
import type { Value } from '../ir/value.js';

/** Names in scope: an inner one hides an outer one. */
export class Scope {
  readonly #values = new Map<string, Value>();
  constructor(readonly outer?: Scope) {}
  define(name: string, value: Value, place: string): void {
    if (this.#values.has(name))
      throw new ModelError(place, 'one definition of each value', `a second one of "${name}"`);
    this.#values.set(name, value);
  }
  /** Of constants of one name the last counts, as in onnxruntime; the label of one before makes way. */
  defineConstant(name: string, value: Value, place: string): void {
    const before = this.#values.get(name);
    if (before?.isConstant && !before.isInput) {
      before.name = `${name}_overridden`;
      before.graph.replaceUses(before, value);
      this.#values.delete(name);
    }
    if (name) this.define(name, value, place);
  }
  get(name: string): Value | undefined {
    return this.#values.get(name) ?? this.outer?.get(name);
  }
  own(name: string): Value | undefined {
    return this.#values.get(name);
  }
}
