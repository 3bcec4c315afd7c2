/** Declared types where sizes have become known: of outputs, and of values that the file declares. */

import type { Model } from '../../src/ir/model.js';
import { type Shape, type Type, tensorType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';

/** A known number replaces a symbol, in the outputs' types and in all that the file declares. */
export const declareSizes = (model: Model): void => redeclare(model, (type, { shape }) => withKnown(type, shape));

/** Outputs, and values that the file declares, get the types that `merge` makes of their declared ones; a type that it gives back stays. */
export function redeclare(model: Model, merge: (declared: Type | undefined, value: Value) => Type | undefined): void {
  for (const scope of model.graphs()) {
    scope.outputPorts.forEach(({ name, type }, index) => {
      const value = scope.outputs[index];
      const now = value && merge(type, value);
      if (value && now !== type) scope.output(name, value, now);
    });
    for (const value of scope.values()) {
      const type = merge(value.declared, value);
      if (type !== value.declared) value.declared = type;
    }
  }
}

/** A declared type with numbers in place of symbols where they are known now; itself where nothing is. */
function withKnown(type: Type | undefined, known: Shape | undefined): Type | undefined {
  if (type?.kind !== 'tensor' || !type.shape || type.shape.length !== known?.length) return type;
  const shape: Shape = type.shape.map((dim, axis) => {
    const now = known[axis];
    return typeof dim !== 'number' && typeof now === 'number' ? now : dim;
  });
  return shape.some((dim, axis) => dim !== type.shape?.[axis]) ? tensorType(type.elem, shape) : type;
}
