/** float32 of every other float. */

import { z } from 'zod';
import type { Model } from '../src/ir/model.js';
import type { Node } from '../src/ir/node.js';
import { isNarrow } from '../src/ir/whole-model/widen.js';
import { definePass } from '../src/run/pass.js';
import { widenForeign } from './precision/source/fit.js';
import { needsFloat64 } from './precision/source/float64.js';
import { withoutFloat32 } from './precision/source/staying.js';
import { type WidenedType, widen } from './precision/source/widen.js';

const sources: ReadonlySet<WidenedType> = new Set(['float16', 'bfloat16', 'float64']);

export const fp32 = definePass({
  name: 'fp32',
  summary: 'Computes in float32, and stores in it, what is float16, bfloat16 or float64.',
  fidelity: 'rounding',
  needs: ['types', 'weights'],
  options: z.object({
    keepIo: z
      .boolean()
      .default(true)
      .describe('Inputs and outputs keep their types, but bfloat16, which JavaScript lacks.'),
    foreign: z
      .boolean()
      .default(false)
      .describe(
        'Widens what the target does not compute in alone; weights stay stored in 16 bits. Runs by itself before fusions.',
      ),
  }),
  run(model, { keepIo, foreign }, context) {
    if (foreign) {
      widenForeign(model, context);
      return;
    }
    const staying = new Map([...withoutFloat32(model, sources), ...needsFloat64(model), ...roundings(model)]);
    for (const [node, reason] of staying) context.skip(reason, node);
    widen(
      model,
      {
        types: sources,
        staying: new Set(staying.keys()),
        keepsPort: (type) => keepIo && type !== 'bfloat16',
        keepsScope: () => false,
        minStored: Number.POSITIVE_INFINITY,
      },
      context,
    );
  },
});

/** Casts to 16 bits and back in a model that computes nothing in that type: they are there to round. */
function* roundings(model: Model): Iterable<[Node, string]> {
  const nodes = [...model.graphs()].flatMap((graph) => [...graph.nodeSet]);
  const computed = new Set(nodes.flatMap((node) => (node.is('Cast') ? [] : node.outputs.map((value) => value?.elem))));
  for (const node of nodes) {
    const elem = node.is('Cast') ? node.output.elem : undefined;
    if (!isNarrow(elem) || computed.has(elem) || node.output.uses.size === 0) continue;
    if (node.output.users.every((user) => user.is('Cast'))) yield [node, `rounds to ${elem} on purpose`];
  }
}
