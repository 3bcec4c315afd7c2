/** opset: every node in the form that a later operator set gives it. All of them, or none. */
import { z } from 'zod';
import { inferTypes } from '../src/infer/index.js';
import { cloneModel } from '../src/ir/clone.js';
import type { Model } from '../src/ir/model.js';
import { definePass, type PassContext } from '../src/run/pass.js';
import { NEWEST, OLDEST, raiseOpset } from '../src/run/raise-opset.js';

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
      context.skip(`not raised to opset ${to}: the model has ${Math.max(...found)}, and nothing lowers it`);
      return;
    }
    const refusal = raiseOpset(cloneModel(model), to);
    if (refusal) {
      context.skip(`not raised to opset ${to}: ${refusal.reason}`, refusal.at);
      return;
    }
    noteLostKernels(model, to, context);
    raiseOpset(model, to);
    inferTypes(model);
  },
});

/** Ops that the target runs as they are, and has no kernel for in the new set: they would run elsewhere. */
function noteLostKernels(model: Model, to: number, context: PassContext): void {
  const noted = new Set<string>();
  for (const graph of model.graphs())
    for (const node of graph.nodeSet) {
      const { opType, opset } = node;
      const elem = (node.inputs[0] ?? node.outputs[0])?.elem;
      if (node.domain !== '' || !elem || opset === undefined || noted.has(opType)) continue;
      if (!context.hasKernel(opType, '', opset, elem) || context.hasKernel(opType, '', to, elem)) continue;
      noted.add(opType);
      context.note(`${context.target} has no kernel for ${opType} of opset ${to} in ${elem}`, node);
    }
}
