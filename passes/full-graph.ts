/** full-graph: nodes without a kernel on the target, by others that have one, so that no value leaves the accelerator and comes back. */
import { type Facts, inferTypes } from '../src/infer/index.js';
import type { Model } from '../src/ir/model.js';
import type { Node } from '../src/ir/node.js';
import type { PlacedNode } from '../src/ir/targets/placed-node.js';
import { runsThere } from '../src/ir/targets/placed-node.js';
import { isHost } from '../src/ir/targets/targets.js';
import type { Value } from '../src/ir/value.js';
import { sweep } from '../src/ir/whole-model/sweep.js';
import { definePass, type PassContext } from '../src/run/pass.js';
import { cureNode } from './full-graph/apply.js';
import { attention } from './full-graph/attention.js';
import { carried, filled } from './full-graph/carried.js';
import { formulas } from './full-graph/formulas.js';
import { lowerWhereBetter } from './full-graph/older.js';
import { whole } from './full-graph/whole.js';

/** What a cure leaves may need the next one. */
const ROUNDS = 8;

export const fullGraph = definePass({
  name: 'full-graph',
  summary: 'Gives nodes that have no kernel on the GPU a form that has one, so that nothing leaves it.',
  fidelity: 'exact',
  needs: ['types'],
  run(model, _options, context) {
    if (isHost(context.target)) {
      context.skip('nothing to do: every node of a model runs on the CPU. --target webgpu or cuda asks of a GPU');
      return;
    }
    let left = cureAll(model, context);
    const again = () => {
      for (let round = 1; round < ROUNDS && left.isChanged; round++) left = cureAll(model, context);
    };
    again();
    const lowered = left.reasons.size > 0 ? lowerWhereBetter(model, context) : undefined;
    if (lowered === true) {
      left = cureAll(model, context);
      again();
    }
    const why = typeof lowered === 'string' ? `; ${lowered}` : '';
    for (const [node, reason] of left.reasons) context.skip(`${reason}${why}`, node);
  },
});

interface CuredModel {
  readonly isChanged: boolean;
  /** Why nodes stay without a kernel. */
  readonly reasons: ReadonlyMap<Node, string>;
}

/** One round over all nodes. */
function cureAll(model: Model, context: PassContext): CuredModel {
  const facts = inferTypes(model);
  const reasons = new Map<Node, string>();
  const cured = new Map<string, number>();
  for (const place of [...context.placed(model)]) {
    const { node } = place;
    if (runsThere(place.state) || !node.graph.nodeSet.has(node)) continue;
    const times = context.timesOf(node);
    const outcome = cure(place, facts, context);
    if (outcome === true) cured.set(node.opType, (cured.get(node.opType) ?? 0) + times);
    else if (outcome) reasons.set(node, outcome);
  }
  for (const [opType, count] of cured)
    context.note(`${opType}: ${count} ${count === 1 ? 'node has' : 'nodes have'} a form with kernels now`);
  if (cured.size > 0) sweep(model);
  return { isChanged: cured.size > 0, reasons };
}

/** True where another form stands for the node; a text says why none does. Nothing is said of arithmetic that stays on the host on purpose. */
function cure({ node, state, cause }: PlacedNode, facts: Facts, context: PassContext): true | string | undefined {
  const isKept = state === 'shape arithmetic';
  if (isKept && node.outputs.every((value) => !value || isSettled(value))) return undefined;
  const own = node.domain === '' ? formulas[node.opType] : undefined;
  const cures = isKept ? [whole] : [...(own ? [own] : []), attention, filled, carried, whole];
  const outcome = cureNode(node, cures, facts, context);
  if (outcome === true || isKept) return outcome === true ? true : undefined;
  return `${cause}: ${outcome ?? 'no form of it is known that has one'}`;
}

/** True for numbers that are known to be few: the host keeps them. */
const isSettled = ({ shape }: Value): boolean => shape?.every((dim) => typeof dim === 'number') === true;
