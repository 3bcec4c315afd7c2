/** channels-last: convolutions and what stands between them on images [N, H, W, C], which tensor cores read. */

import type { Facts } from '../src/infer/index.js';
import { inferTypes } from '../src/infer/index.js';
import type { Graph } from '../src/ir/graph.js';
import type { Node } from '../src/ir/node.js';
import { gainsFrom } from '../src/ir/targets/targets.js';
import { tensorType } from '../src/ir/types.js';
import type { Value } from '../src/ir/value.js';
import { sweep } from '../src/ir/whole-model/sweep.js';
import { applyRules, reportSites } from '../src/match/apply.js';
import { Rewriter } from '../src/match/rewriter.js';
import { definePass, type PassContext } from '../src/run/pass.js';
import { fuseBiased } from './layout/biased-kernels.js';
import type { Move } from './layout/moves.js';
import { FIRST, isTurn, LAST } from './layout/permute.js';
import { planOf } from './layout/plan.js';
import { skipGroupNormSet } from './rules/skip-group-norm.js';

export const channelsLast = definePass({
  name: 'channels-last',
  summary:
    'Runs convolutions and what stands between them on images whose channels are last, with transposes at the ends alone, and sums with a bias in the kernels of image models (CUDA).',
  fidelity: 'exact',
  needs: ['types'],
  variants: (_, target) => (gainsFrom(target, 'channels last') ? [] : undefined),
  run(model, _options, context) {
    if (!gainsFrom(context.target, 'channels last')) {
      context.skip(`nothing to do: the runtime chooses the layout of convolutions on ${context.target} by itself`);
      return;
    }
    const facts = inferTypes(model);
    let moved = 0;
    for (const graph of model.graphs()) {
      const { moves, refused } = planOf(graph, context);
      for (const [node, reason] of refused) context.skip(reason, node);
      moved += moveAll(graph, moves, facts, context);
    }
    if (moved > 0) {
      context.note(`${moved} convolutions work on images whose channels are last`);
      sweep(model);
    }
    reportSites(applyRules(model, [skipGroupNormSet], context), context);
    const typed = inferTypes(model);
    for (const graph of model.graphs()) fuseBiased(graph, typed, context);
  },
});

/** Puts the moved nodes in place, each with Transposes around it, and takes away those that meet. Returns the number of convolutions. */
function moveAll(graph: Graph, moves: ReadonlyMap<Node, Move>, facts: Facts, context: PassContext): number {
  const last = new Map<Value, Value>();
  for (const node of graph.nodes()) {
    const [from] = node.inputs;
    if (from && isTurn(node, LAST)) last.set(from, last.get(from) ?? node.output);
    if (from && isTurn(node, FIRST)) last.set(node.output, from);
  }
  if (moves.size > 0)
    for (const [value, from] of last) if (value.producer?.inputs[0] === from) readTurned(value, from, facts, context);
  let count = 0;
  for (const [node, move] of moves) {
    const images = node.inputs.map((value) => value && last.get(value));
    const build = new Rewriter(graph, node.name);
    const inputs = move.inputs.map((input, i) => {
      const value = node.inputs[i];
      if (input !== 'image' || !value) return typeof input === 'function' ? input(build) : undefined;
      return images[i] ?? turnedOnce(build, value, last);
    });
    const made = build.node(move.opType, inputs, move.attributes, {
      domain: move.domain,
      outputs: node.outputs.length,
    });
    const back = node.outputs.map((value, i) => turnBack(build, made.outputs[i] as Value, value));
    const old = node.outputs.flatMap((value) => value ?? []);
    const operands = node.inputs.flatMap((value, i) => images[i] ?? value ?? []);
    const by = back.flatMap((value) => value ?? []);
    if (context.replace({ rule: 'channels-last', old, by, operands, facts, since: build.since }) !== undefined)
      continue;
    for (const [i, value] of back.entries()) if (value) last.set(value, made.outputs[i] as Value);
    for (const value of by) readTurned(value, last.get(value) as Value, facts, context);
    count += context.timesOf(node) * (node.is('Conv') ? 1 : 0);
  }
  return count;
}

/** What reads an image turned, or its shape, reads the image whose channels are last. */
function readTurned(value: Value, last: Value, facts: Facts, context: PassContext): void {
  const { graph } = value;
  for (const user of [...value.users]) {
    if (isTurn(user, LAST)) graph.replaceUses(user.output, last);
    if (!user.is('Shape') || user.hasReference || user.graph !== graph) continue;
    const build = new Rewriter(graph, user.name);
    const order = FIRST.slice(user.int('start', 0), user.int('end', FIRST.length));
    const shape = build.op('Gather', [build.op('Shape', [last]), build.ints(order)], {}, { type: user.output.type });
    context.replace({
      rule: 'channels-last',
      old: [user.output],
      by: [shape],
      operands: [last],
      facts,
      since: build.since,
    });
  }
}

/** The image with its channels last, by one Transpose for all who read it. */
function turnedOnce(build: Rewriter, value: Value, last: Map<Value, Value>): Value {
  const turned = build.op('Transpose', [value], { perm: [...LAST] });
  turned.type =
    value.elem &&
    tensorType(
      value.elem,
      LAST.map((axis) => value.shape?.[axis] ?? 1),
    );
  last.set(value, turned);
  return turned;
}

function turnBack(build: Rewriter, made: Value, value: Value | undefined): Value | undefined {
  if (!value) return undefined;
  made.type =
    value.elem &&
    tensorType(
      value.elem,
      LAST.map((axis) => value.shape?.[axis] ?? 1),
    );
  return build.op('Transpose', [made], { perm: [...FIRST] }, { type: value.type });
}
