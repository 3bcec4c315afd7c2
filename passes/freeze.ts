/**
 * freeze: the inputs declare sizes instead of symbolic dims, or ranges of sizes for them, and everything behind them follows. The settings `dims`
 * and `shapes` ask for it.
 */

import { z } from 'zod';
import { inferTypes } from '../src/infer/index.js';
import { dimSize } from '../src/ir/options/options.js';
import { recordOf } from '../src/ir/options/record-schema.js';
import { freezeInputs } from '../src/run/freeze.js';
import { definePass } from '../src/run/pass.js';
import { declareSizes } from './ports/declare.js';

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
    declareSizes(model);
  },
});
