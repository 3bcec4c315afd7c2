/** Op(Expand(x), y) ⟶ Op(x, y) where the op broadcasts x to the same shape by itself, as another Expand does. */
import type { Facts } from '../../src/infer/index.js';
import { type Dim, equalDims } from '../../src/ir/dims/dims.js';
import type { Node } from '../../src/ir/node.js';
import { equalShapes, type Shape } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { rowOf } from '../../src/ops/registry.js';
import { everywhere } from './rules.js';

/** Inputs broadcast to each other since opset 7; PRelu broadcasts its slope to x, not x to the slope, and CastLike nothing. */
const canBroadcast = (node: Node, index: number): boolean =>
  rowOf(node)?.isElementwise === true &&
  node.domain === '' &&
  (node.opset ?? 0) >= 8 &&
  !node.hasReference &&
  (node.opType !== 'PRelu' || index === 1) &&
  node.opType !== 'CastLike';

/** True where the inputs broadcast to `to`: each of its dims is the dim of one of them. */
function reaches(inputs: readonly (Shape | undefined)[], to: Shape): boolean {
  return to.every((dim, axis) =>
    inputs.some((shape) => {
      const own = shape?.[axis - to.length + shape.length];
      return own !== undefined && equalDims(own, dim as Dim);
    }),
  );
}

function skipExpand(node: Node): void {
  const x = node.inputs[0];
  if (!x?.shape) return;
  for (const { node: user, index } of [...node.output.uses]) {
    if (!canBroadcast(user, index)) continue;
    const to = user.outputs[0]?.shape;
    const shapes = user.inputs.map((value: Value | undefined, at) => (at === index ? x.shape : value?.shape));
    if (to && shapes.every((shape) => shape !== undefined) && reaches(shapes, to)) user.graph.setInput(user, index, x);
  }
}

/** Expand(Expand(x, s), t) ⟶ Expand(x, t) where t says every dim of the result. */
function joinExpands(node: Node, facts: Facts): void {
  const inner = node.inputs[0]?.producer;
  const [, shape] = node.inputs;
  if (!inner?.is('Expand') || !shape) return;
  const stated = facts.contents(shape);
  if (stated && equalShapes(stated, node.output.shape)) node.graph.setInput(node, 0, inner.inputs[0]);
}

/** Does so in every scope. */
export const skipExpands = everywhere((node, facts) => {
  if (!node.is('Expand')) return;
  joinExpands(node, facts);
  skipExpand(node);
});
