/** Applies cures to one node. */
import type { Facts } from '../../src/infer/index.js';
import type { Node } from '../../src/ir/node.js';
import type { DataType } from '../../src/ir/types.js';
import { Rewriter } from '../../src/match/rewriter.js';
import type { PassContext } from '../../src/run/pass.js';
import type { Cure } from './cure.js';

/** The first cure that is for the node: true where it stands for it now, a text where none can. */
export function cureNode(
  node: Node,
  cures: readonly Cure[],
  facts: Facts,
  context: PassContext,
): true | string | undefined {
  const { opset = 1, graph } = node;
  const elem = node.inputs[0]?.elem;
  if (!elem || node.outputs.length !== 1) return undefined;
  let refusal = context.leaves(node);
  if (refusal) return refusal;
  const runs = (opType: string, type: DataType, made?: DataType) => context.hasKernel(opType, '', opset, type, made);
  for (const cure of cures) {
    const build = new Rewriter(graph, node.name);
    const found = cure({ node, elem, opset, facts, build, runs });
    if (typeof found === 'string') refusal ??= found;
    if (!found || typeof found === 'string') continue;
    const { value, operands = node.inputs.filter((input) => input !== undefined) } = found;
    value.type ??= node.output.type;
    const rewrite = { rule: 'full-graph', old: [node.output], by: [value], operands, facts, since: build.since };
    return context.replace(rewrite) ?? true;
  }
  return refusal;
}
