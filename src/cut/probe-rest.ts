/** A denoiser as two models: the probe, up to and with its first block, and the rest, which can also go on from a remembered difference. */

import { inferTypes } from '../infer/index.js';
import { GraphBuilder } from '../ir/build.js';
import type { Graph } from '../ir/graph.js';
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import { readBy } from '../ir/scopes/scopes.js';
import { UsageError } from '../ir/text/usage-error.js';
import { tensorType } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { checkModel } from '../ir/whole-model/check.js';
import { cloneModel, fill } from '../ir/whole-model/clone.js';
import { sweep } from '../ir/whole-model/sweep.js';
import { distinctNames } from './chain.js';
import { cutOut, namedOutputs } from './cut-out.js';
import { firstBlockOf } from './first-block.js';
import { ancestorsOf } from './stages.js';

/** Ports beside the denoiser's own, and those that hand values from the probe to the rest. */
export const stepPorts = {
  /** Of the probe: what the first block adds to the stream. */
  residual: 'step_cache.residual',
  /** Of the rest: whether to take the remembered difference; the difference, and the one to remember. */
  skip: 'step_cache.skip',
  remembered: 'step_cache.remembered',
  kept: 'step_cache.kept',
} as const;

export interface ProbeAndRest {
  readonly probe: Model;
  readonly rest: Model;
  /** The names of the stream behind the first block, and behind the last. */
  readonly end: string;
  readonly last: string;
}

/** Throws UsageError where no first block is found; `end` names the value that ends it otherwise than by the repeated blocks. */
export function probeAndRest(model: Model, end?: string): ProbeAndRest {
  const typed = cloneModel(model);
  inferTypes(typed);
  const { graph } = typed;
  const found = firstBlockOf(typed, end);
  if (typeof found === 'string')
    throw new UsageError(
      `first-block-cache: ${found}. It works on a denoiser as it was exported, before passes that fuse`,
    );
  const difference = graph.add('Sub', [found.end, found.start]);
  const residual = difference.output;
  residual.type = found.end.type;
  const crossing = readBehind(graph, ancestorsOf([difference]));
  const names = distinctNames(graph, crossing);
  const handed = crossing.map((value) => ({ name: names.get(value) as string, value }));
  const probe = cutOut(typed, [], [...handed, { name: stepPorts.residual, value: residual }]);
  const copies = new Map<Value, Value>();
  const rest = cutOut(typed, handed, namedOutputs(graph), copies);
  const stream = rest.graph.inputs[crossing.indexOf(found.end)] as Value;
  makeSkippable(rest.graph, stream, copies.get(found.last) as Value);
  for (const part of [probe, rest]) checkModel(part);
  return { probe, rest, end: found.end.name, last: found.last.name };
}

/** What the nodes that outputs need beside some others read of these. */
function readBehind(graph: Graph, first: ReadonlySet<Node>): Value[] {
  const found = new Set<Value>();
  const needed = ancestorsOf([graph.end]);
  for (const node of graph.nodes())
    if (needed.has(node) && !first.has(node))
      for (const value of readBy(node)) if (value.producer && first.has(value.producer)) found.add(value);
  return [...found];
}

/** last = f(stream)  ⟶  If(skip, stream + remembered, f(stream)), which also gives the difference. What the head reads as well stays outside. */
function makeSkippable(graph: Graph, stream: Value, last: Value): void {
  const g = new GraphBuilder(graph);
  const end = last.producer as Node;
  const head = ancestorsOf([graph.end], (node) => node === end);
  const inside = ancestorsOf([end]);
  const blocks = graph.nodes().filter((node) => inside.has(node) && !head.has(node));
  const skip = g.input(stepPorts.skip, tensorType('bool', []));
  const remembered = g.input(stepPorts.remembered, stream.type as NonNullable<Value['type']>);
  const skipped = g.body('skipped', (body) => {
    body.output('last', body.op('Add', [stream, remembered]), last.type);
    body.output('kept', body.op('Identity', [remembered]), last.type);
  });
  const computed = g.body('computed', (body) => {
    const copies = new Map<Value, Value>();
    fill(body.graph, graph, copies, { isInlined: true, items: blocks });
    const own = copies.get(last) as Value;
    body.output('last', own, last.type);
    body.output('kept', body.op('Sub', [own, stream]), last.type);
  });
  const node = g.node('If', [skip], { then_branch: skipped, else_branch: computed }, { outputs: 2 });
  const [behind, kept] = node.outputs as [Value, Value];
  for (const value of [behind, kept]) value.type = last.type;
  graph.replaceUses(last, behind);
  graph.output(stepPorts.kept, kept, last.type);
  sweep(graph.model);
}
