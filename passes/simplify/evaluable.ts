/** Finds the nodes that the runtime may compute ahead of time, if all their inputs are constant. */
import { Work } from '../../src/infer/work.js';
import { maxOf } from '../../src/ir/collections/lists.js';
import type { Graph } from '../../src/ir/graph.js';
import type { Node } from '../../src/ir/node.js';
import { uniformOf } from '../../src/ir/tensors/bank.js';
import { elementCount } from '../../src/ir/tensors/tensor.js';
import { movedFrom } from '../../src/ops/moved.js';
import { isPure } from './pure.js';
import { isStatic, smallNumbers } from './small.js';

/** Ops that make a constant without a runtime, or whose result is no tensor. */
const others = new Set(['SequenceConstruct', 'SequenceEmpty', 'SplitToSequence', 'Optional', 'Constant']);

/** True where text may go through: what joins or repeats it makes more of it than the number of elements says. */
function isNoLonger({ output }: Node): boolean {
  const from = movedFrom(output)?.shape;
  return isStatic(from) && isStatic(output.shape) && elementCount(output.shape) <= elementCount(from);
}

/** Rounds of all loops in each other that folding may take. */
const ROUNDS = 10_000;

/** The largest number of runs of the innermost body; infinite where a loop gives no limit. */
function allRoundsOf(node: Node): number {
  const own = node.is('Loop') ? new Work(smallNumbers, Number.POSITIVE_INFINITY).roundsOf(node) : 1;
  const inner = node.bodies.flatMap((body) =>
    [...body.nodeSet].map((one) => (one.bodies.length > 0 ? allRoundsOf(one) : 1)),
  );
  return own * maxOf(inner, 1);
}

const isKnownDomain = ({ domain }: Node): boolean => domain === '' || domain === 'ai.onnx.ml';

/** True where nothing in the body is the caller's, or another instance's, to give. */
function isSelfContained(body: Graph): boolean {
  for (const { tensor } of body.constants) if (tensor && !uniformOf(tensor)) return false;
  for (const node of body.nodeSet) {
    if (!isKnownDomain(node) || node.hasReference || node.graph.model.functionOf(node)) return false;
    if (!node.bodies.every(isSelfContained)) return false;
  }
  return true;
}

/** True for a node that always gives the same tensors for the same inputs, in a bounded time. */
export function canEvaluate(node: Node): boolean {
  if (!isKnownDomain(node) || others.has(node.opType) || node.hasReference || node.graph.model.functionOf(node))
    return false;
  if (node.outputs.some((value) => value?.type && value.type.kind !== 'tensor')) return false;
  if (node.outputs[0]?.elem === 'string' && !isNoLonger(node)) return false;
  if (node.bodies.length > 0 && !(node.bodies.every(isSelfContained) && allRoundsOf(node) <= ROUNDS)) return false;
  return isPure(node);
}
