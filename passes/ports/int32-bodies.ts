/** What goes into and comes out of the bodies of If, Loop and Scan as int32, with casts inside and outside of them: states whose numbers always fit it, and what is int32 on the other side. */

import { GraphBuilder } from '../../src/ir/build.js';
import type { Graph } from '../../src/ir/graph.js';
import type { Node } from '../../src/ir/node.js';
import { tensorType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { statesIn } from '../bounds/bodies.js';
import type { IntegerBounds } from '../bounds/integers.js';
import { isFew, isInt32, narrow, narrowed } from './int32-values.js';

/** States and scanned lists of a Loop or Scan: the body sees int32, and a Cast stands behind it. How many. */
export function narrowEntering(node: Node, bounds: IntegerBounds): number {
  const [body] = node.bodies;
  if (!body || (!node.is('Loop') && !node.is('Scan'))) return 0;
  let count = 0;
  const g = new GraphBuilder(node.graph);
  const states = statesIn(node);
  const first = node.is('Loop') ? 2 : 0;
  body.inputs.forEach((seen, at) => {
    const given = node.inputs[at];
    const state = states[at - first];
    if (at < first || !given || seen.elem !== 'int64') return;
    const isState = narrow(given) ?? isFew(given, bounds);
    if (state ? !isState || !isInt32(bounds.of(seen)) : !narrow(given)) return;
    node.graph.setInput(node, at, narrowed(g, given));
    widen(seen, new GraphBuilder(body));
    count++;
  });
  return count;
}

/** Outputs, the bodies done. How many. */
export function narrowLeaving(node: Node, bounds: IntegerBounds): number {
  let count = 0;
  const first = node.is('Loop') ? 1 : 0;
  const states = statesIn(node);
  node.outputs.forEach((value, at) => {
    if (value?.elem !== 'int64') return;
    const given = node.bodies.map(({ outputs }) => outputs[first + at]);
    const { seen } = node.is('If') ? {} : (states[at] ?? {});
    const isMeant = seen
      ? seen.elem === 'int32'
      : given.some(narrow) && given.every((one) => one && (narrow(one) ?? isFew(one, bounds)));
    if (!isMeant) return;
    for (const body of node.bodies) leaveNarrow(body, first + at);
    widen(value, new GraphBuilder(node.graph));
    count++;
  });
  return count;
}

function leaveNarrow(body: Graph, at: number): void {
  const { name } = body.outputPorts[at] ?? {};
  const value = body.outputs[at];
  if (value && name !== undefined)
    body.output(name, narrowed(new GraphBuilder(body), value), tensorType('int32', value.shape));
}

/** The value is int32 from now on, and who reads it reads a Cast. */
function widen(value: Value, g: GraphBuilder): void {
  const { shape, uses } = value;
  const readers = [...uses];
  value.type = tensorType('int32', shape);
  value.declared = undefined;
  const wide = g.cast(value, 'int64');
  wide.type = tensorType('int64', shape);
  for (const { node, index } of readers) node.graph.setInput(node, index, wide);
}
