/**
 * Dims that inference cannot tell. Each is a symbol of its own, and the same one whenever the same place is inferred
 * again: inferring twice changes nothing. A function's body has its own for each call.
 */
import { type Dim, type Unknown, unknownDim } from '../ir/dims/dims.js';
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import type { Value } from '../ir/value.js';

export class Unknowns {
  readonly #dims = new WeakMap<Value, Dim[]>();
  readonly #calls = new WeakMap<Node, Unknowns>();
  readonly #likenesses = new WeakMap<Unknown, Dim>();

  /** The unknown dim at one axis of a value; other counts that a value brings have negative axes. */
  at(value: Value, axis: number): Dim {
    let dims = this.#dims.get(value);
    if (!dims) {
      dims = [];
      this.#dims.set(value, dims);
    }
    // Axis -1 is kept in slot 0.
    dims[axis + 1] ??= unknownDim();
    return dims[axis + 1] as Dim;
  }

  /** The dim here that is what `other` is in another call of the same function. */
  like(other: Unknown): Dim {
    const own = this.#likenesses.get(other) ?? unknownDim();
    this.#likenesses.set(other, own);
    return own;
  }

  /** Those inside a call of a function. */
  inside(call: Node): Unknowns {
    let inner = this.#calls.get(call);
    if (!inner) {
      inner = new Unknowns();
      this.#calls.set(call, inner);
    }
    return inner;
  }
}

const roots = new WeakMap<Model, Unknowns>();

export function unknownsOf(model: Model): Unknowns {
  let root = roots.get(model);
  if (!root) {
    root = new Unknowns();
    roots.set(model, root);
  }
  return root;
}
