/** symbolic-batch: inputs of a batch of 1 take any batch. `--dim batch=N` asks for it. */

import { z } from 'zod';
import { symbolsOf } from '../src/ir/dims/symbols.js';
import { cloneModel } from '../src/ir/whole-model/clone.js';
import { definePass } from '../src/run/pass.js';
import { openBatch } from './batch/open.js';

export const symbolicBatch = definePass({
  name: 'symbolic-batch',
  summary: 'Makes a batch that the file fixes at 1 symbolic, and mends what has it baked in.',
  fidelity: 'exact',
  needs: ['types', 'repeats'],
  opset: 13,
  options: z.object({
    name: z.string().min(1).default('batch').describe('What the batch is called: --dim batch=N calls it N.'),
  }),
  run(model, { name }, context) {
    const inputs = model.graph.inputs.filter(({ shape }) => shape?.[0] === 1 && shape.length > 1);
    if (model.graph.inputs.some(({ shape = [] }) => shape.flatMap(symbolsOf).includes(name)))
      return context.skip(`the inputs have a dim of the name ${name} already`);
    if (inputs.length === 0) return context.skip('no input of two dims or more begins with a dim of 1');
    // A copy shows whether it can be done: nothing is edited otherwise.
    const copies = new Map();
    const copy = cloneModel(model, undefined, copies);
    const refused = openBatch(copy, name);
    if ('reason' in refused) {
      const [own] = [...copies].find(([, one]) => one === refused.at.outputs[0]) ?? [];
      return context.skip(refused.reason, own?.producer ?? refused.at);
    }
    openBatch(model, name);
    if (refused.inlined > 0) context.note(`functions are inlined, ${refused.inlined} calls: each is mended by itself`);
    context.note(`${inputs.map((input) => `"${input.name}"`).join(', ')} take a batch of any size, ${name}`);
    for (const { text, at } of refused.repairs) context.note(text, at);
  },
});
