/**
 * freeze: the inputs declare sizes instead of symbolic dims, or ranges of sizes for them, and everything behind them follows. The settings `dims`
 * and `shapes` ask for it.
 */

import { z } from 'zod';
import { inferTypes } from '../src/infer/index.js';
import type { Model } from '../src/ir/model.js';
import { dimSize } from '../src/ir/options/options.js';
import { recordOf } from '../src/ir/options/record-schema.js';
import { type Shape, type Type, tensorType } from '../src/ir/types.js';
import { freezeInputs } from '../src/run/freeze.js';
import { definePass } from '../src/run/pass.js';

const size = z.number().int().nonnegative();

export const freeze = definePass({
  name: 'freeze',
  summary: 'Gives symbolic dims of the inputs a size, or a range of sizes that inference and passes may rely on.',
  fidelity: 'exact',
  needs: ['types'],
  options: z.object({
    dims: recordOf(dimSize).default({}).describe('Sizes of dims, or ranges such as 1..512 and 64..128:8, by name.'),
    shapes: recordOf(z.array(size)).default({}).describe('Whole shapes of inputs, by name.'),
  }),
  run(model, { dims, shapes }, context) {
    const notes = freezeInputs(model, { dims, shapes });
    if (notes.length === 0) return context.skip('nothing to freeze: the inputs have these sizes already');
    for (const text of notes) context.note(text);
    inferTypes(model);
    declareOutputs(model);
    for (const graph of model.graphs())
      for (const value of graph.values()) {
        const type = frozen(value.declared, value.shape);
        if (type !== value.declared) value.declared = type;
      }
  },
});

/** Updates the declared outputs: a known number replaces a symbol. */
function declareOutputs({ graph }: Model): void {
  graph.outputPorts.forEach(({ name, type }, index) => {
    const value = graph.outputs[index];
    const now = frozen(type, value?.shape);
    if (value && now !== type) graph.output(name, value, now);
  });
}

/** A declared type with numbers in place of symbols where they are known now; itself where nothing is. */
function frozen(type: Type | undefined, known: Shape | undefined): Type | undefined {
  if (type?.kind !== 'tensor' || !type.shape || type.shape.length !== known?.length) return type;
  const shape: Shape = type.shape.map((dim, axis) => {
    const now = known[axis];
    return typeof dim !== 'number' && typeof now === 'number' ? now : dim;
  });
  return shape.some((dim, axis) => dim !== type.shape?.[axis]) ? tensorType(type.elem, shape) : type;
}
