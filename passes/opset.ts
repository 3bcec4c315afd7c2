/** opset: every node in the form that a later operator set gives it. All of them, or none. */

import { z } from 'zod';
import { inferTypes } from '../src/infer/index.js';
import { cloneModel } from '../src/ir/clone.js';
import { maxOf } from '../src/ir/lists.js';
import type { Model } from '../src/ir/model.js';
import type { Node } from '../src/ir/node.js';
import type { DataType } from '../src/ir/types.js';
import { NEWEST, OLDEST, raiseOpset } from '../src/opset/raise.js';
import { definePass, type PassContext } from '../src/run/pass.js';

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
    const raised = cloneModel(model);
    const refusal = raiseOpset(raised, to);
    if (refusal) {
      context.skip(`not raised to opset ${to}: ${refusal.reason}`, refusal.at);
      return;
    }
    const lost = lostKernels(model, opTypesOf(raised), to, context);
    const [first] = lost;
    if (first && context.target === 'cpu') {
      // What the CPU has no kernel for, nothing runs: the model would not load.
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

const elemAt = (node: Node): DataType | undefined => (node.inputs[0] ?? node.outputs[0])?.elem;

const opTypesOf = (model: Model): Set<string> =>
  new Set([...model.graphs()].flatMap(({ nodeSet }) => [...nodeSet].map(({ opType }) => opType)));

/**
 * Ops that the target runs as they are, and has no kernel for in the new set: a node of each. They would run elsewhere. An op that
 * has another name there, Upsample, is not among those that stay.
 */
function lostKernels(model: Model, stay: ReadonlySet<string>, to: number, { hasKernel }: PassContext): Node[] {
  const found = new Map<string, Node>();
  for (const graph of model.graphs())
    for (const node of graph.nodeSet) {
      const { opType, opset, domain } = node;
      const elem = elemAt(node);
      if (domain !== '' || !elem || opset === undefined || found.has(opType) || !stay.has(opType)) continue;
      if (hasKernel(opType, '', opset, elem) && !hasKernel(opType, '', to, elem)) found.set(opType, node);
    }
  return [...found.values()];
}
