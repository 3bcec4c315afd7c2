/**
 * f(x) ⟶ the nodes of f: replaces calls of local functions by the functions' nodes, inner calls and calls in bodies
 * too.
 */

import { z } from 'zod';
import type { ModelFunction } from '../src/ir/model.js';
import { dropUncalled, inlineCalls } from '../src/region/functions/inline-all.js';
import { definePass } from '../src/run/pass.js';

export const inline = definePass({
  name: 'inline',
  summary: 'Puts the nodes of local functions in the place of their calls, all or by name.',
  fidelity: 'exact',
  options: z.object({
    only: z
      .array(z.string())
      .default([])
      .describe('Names of the functions to inline; all of them where none is given.'),
  }),
  run(model, { only }, context) {
    for (const name of only)
      if (!model.functions.some((fn) => fn.name === name)) context.skip(`the model has no local function "${name}"`);
    const isMeant = (fn: ModelFunction) => only.length === 0 || only.includes(fn.name);
    const count = new Map<string, number>();
    inlineCalls(model, {
      isMeant,
      refused: context.skip,
      inlined: (call, fn) => void count.set(fn.name, (count.get(fn.name) ?? 0) + context.timesOf(call)),
    });
    for (const [name, calls] of count) context.note(`inlined ${calls} ${calls === 1 ? 'call' : 'calls'} of ${name}`);
    dropUncalled(model, isMeant);
  },
});
