/**
 * Views keep the elements in their order, so the shape they end with is all that
 * counts. Where it is known up to one dim, a constant says it, and what computed it goes.
 *
 * A copied dim (0) and a -1 never stand together: on a batch of 0 the runtime refuses such a Reshape, where the computed
 * shape ran.
 */
import { type Dim, equalDims } from '../../src/ir/dims/dims.js';
import type { Node } from '../../src/ir/node.js';
import { equalShapes, type Shape } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { reshapeOf } from '../../src/match/views/reshaped.js';
import { everywhere, replaceBy, soleProducer } from './rules.js';
import { int64s, smallNumbers } from './small.js';

const isView = (node: Node | undefined): node is Node =>
  node?.outputs[0] !== undefined && reshapeOf(node.outputs[0]) !== undefined;

/**
 * The target of a Reshape from `from` to `to`: numbers, 0 for a copied dim, and at most one -1; undefined where that is
 * not enough.
 */
export function reshapeTarget(from: Shape | undefined, to: Shape | undefined): number[] | undefined {
  if (!to) return undefined;
  let rest = 0;
  let copied = 0;
  const target = to.map((dim, axis) => {
    if (typeof dim === 'number') return dim;
    const source = from?.[axis];
    if (source !== undefined && equalDims(source, dim as Dim)) {
      copied++;
      return 0;
    }
    rest++;
    return -1;
  });
  return rest > 1 || (rest > 0 && copied > 0) || to.includes(0) ? undefined : target;
}

/** Says the shape of a Reshape by a constant. */
function fixShape(node: Node): void {
  const [x, shape] = node.inputs;
  if (!x || !shape || shape.tensor) return;
  const target = reshapeTarget(x.shape, node.output.shape);
  if (target) reshapeTo(node, x, target);
}

/** No dim of a target is 0, so a 0 always means a copy. */
function reshapeTo(node: Node, x: Value, target: readonly number[]): void {
  const { graph } = node;
  graph.setInput(node, 0, x);
  graph.setInput(node, 1, graph.constant(int64s(target.map(BigInt)), node.inputs[1]?.name));
  graph.setAttribute(node, 'allowzero', undefined);
}

/** Skips views: reads the start of a chain, or the first value on it that already has the shape of its end. */
function skipViews(node: Node): void {
  const { output, graph } = node;
  let value: Value | undefined = node.inputs[0];
  while (value) {
    if (output.shape && equalShapes(value.shape, output.shape)) {
      graph.replaceUses(output, value);
      return;
    }
    value = isView(value.producer) ? value.producer.inputs[0] : undefined;
  }
  const inner = soleProducer(node.inputs[0], node);
  const x = inner?.inputs[0];
  if (isView(inner) && x) mergeViews(node, x);
}

/** Reshape(view(x), s) ⟶ Reshape(x, s); for the other views a Reshape says their shape. */
function mergeViews(node: Node, x: Value): void {
  const { graph, output } = node;
  const stated = node.is('Reshape') ? smallNumbers(node.inputs[1]) : undefined;
  if (stated?.every((dim) => dim !== 0)) {
    graph.setInput(node, 0, x);
    return;
  }
  const target = reshapeTarget(x.shape, output.shape);
  if (!target) return;
  if (node.is('Reshape')) {
    reshapeTo(node, x, target);
    return;
  }
  replaceBy(node, 'Reshape', [x, graph.constant(int64s(target.map(BigInt)))], {}, node);
}

/** Does so in every scope. */
export const simplifyViews = everywhere((node) => {
  if (!isView(node) || (node.opset ?? 0) < 5) return;
  if (node.is('Reshape')) fixShape(node);
  skipViews(node);
});
