/** opset: every node in the form that a later operator set gives it. All of them, or none. */

import { z } from 'zod';
import { inferTypes } from '../src/infer/index.js';
import { maxOf } from '../src/ir/collections/lists.js';
import { isHost } from '../src/ir/targets/targets.js';
import { elemAt } from '../src/opset/lost.js';
import { NEWEST, OLDEST, raiseOpset } from '../src/opset/raise.js';
import { tryRaise } from '../src/opset/trial.js';
import { definePass } from '../src/run/pass.js';

const range = `expected a whole number from ${OLDEST + 1} to ${NEWEST}`;

export const opset = definePass({
  name: 'opset',
  summary: 'Raises the ai.onnx operator set, in every scope: opset:to=21.',
  fidelity: 'exact',
  needs: ['types'],
  options: z.object({
    to: z
      .number(range)
      .int(range)
      .min(OLDEST + 1, range)
      .max(NEWEST, range)
      .default(21)
      .describe('The operator set to raise to.'),
  }),
  run(model, { to }, context) {
    const found = [...model.graphs()].flatMap(({ opsets }) => opsets.get('') ?? []);
    if (found.every((version) => version >= to)) {
      context.skip(`not raised to opset ${to}: the model has ${maxOf(found)}, and nothing lowers it`);
      return;
    }
    const { refusal, lost } = tryRaise(model, to, context.hasKernel);
    if (refusal) {
      context.skip(`not raised to opset ${to}: ${refusal.reason}`, refusal.at);
      return;
    }
    const [first] = lost;
    if (first && isHost(context.target)) {
      // A node without a kernel on the CPU runs nowhere: the model would not load.
      context.skip(`not raised to opset ${to}: the CPU has no kernel for ${first.opType} of it`, first);
      return;
    }
    for (const node of lost) {
      const elem = elemAt(node);
      context.note(`${context.target} has no kernel for ${node.opType} of opset ${to} in ${elem}`, node);
    }
    raiseOpset(model, to);
    inferTypes(model);
  },
});
