/** States of a Loop or a Scan that begin with one row and go on with a batch, each given a row for each of the batch to begin with. */

import { GraphBuilder } from '../../src/ir/build.js';
import { type Dim, equalDims } from '../../src/ir/dims/dims.js';
import type { Node } from '../../src/ir/node.js';
import type { Value } from '../../src/ir/value.js';
import { statesIn } from '../bounds/bodies.js';
import { type OldShapes, sizeOf } from './repair.js';

/** Loop(c of one row)  ⟶  Loop(Expand(c, …the batch)), where the body makes a batch of it. `input` has the batch as its first dim. How many. */
export function openStates(node: Node, old: OldShapes, input: Value): number {
  const g = new GraphBuilder(node.graph);
  let count = 0;
  for (const { initial, seen } of statesIn(node)) {
    const shape = initial?.shape;
    const grown = shape?.flatMap((dim, axis) => (dim === 1 && isGrown(seen, old, axis) ? [axis] : []));
    const [at] = grown ?? [];
    if (!initial || !shape || at === undefined || grown?.length !== 1) continue;
    const sizes = shape.map((_, axis) => (axis === at ? sizeOf(g, input, 0) : g.ints(1)));
    const wide = g.op('Expand', [initial, g.op('Concat', sizes, { axis: 0 })]);
    node.inputs.forEach((value, index) => {
      if (value === initial && node.bodies[0]?.inputs[index] === seen) node.graph.setInput(node, index, wide);
    });
    count++;
  }
  return count;
}

/** It had one row there in every round, and has not any more. */
const isGrown = (seen: Value, old: OldShapes, axis: number): boolean =>
  equalDims(old.get(seen)?.[axis] ?? 0, 1) && !equalDims((seen.shape?.[axis] ?? 1) as Dim, 1);
