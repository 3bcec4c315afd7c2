/** int64 arithmetic that cannot overflow int32, in every scope: f(Cast(x), Cast(y)) ⟶ Cast(f(x, y)), and casts in front of what takes either type go. */

import { GraphBuilder } from '../../src/ir/build.js';
import type { Graph } from '../../src/ir/graph.js';
import type { Node } from '../../src/ir/node.js';
import { tensorType } from '../../src/ir/types.js';
import type { PassContext } from '../../src/run/pass.js';
import type { IntegerBounds } from '../bounds/integers.js';
import { narrowEntering, narrowLeaving } from './int32-bodies.js';
import { isFew, isInt32, narrow, narrowed } from './int32-values.js';

/** Inputs that hold the numbers, by op; all where no list is given. Of the first, numbers change. */
const computing = new Set('Add Sub Mul Neg Abs'.split(' '));
const numbersAt: Readonly<Record<string, readonly number[] | undefined>> = {
  ...Object.fromEntries(
    [
      ...computing,
      'Min',
      'Max',
      'Equal',
      'Less',
      'LessOrEqual',
      'Greater',
      'GreaterOrEqual',
      'Concat',
      'Transpose',
      'Identity',
    ].map((op) => [op, undefined]),
  ),
  ...{ Where: [1, 2], Unsqueeze: [0], Squeeze: [0], Reshape: [0], Expand: [0], Slice: [0], Flatten: [0] },
};
/** Inputs that may be of either type. */
const either: Readonly<Record<string, number>> = { Gather: 1, GatherElements: 1, GatherND: 1, Cast: 0 };

export class Int32Arithmetic {
  /** How many nodes compute in int32, or read it, since. */
  count = 0;

  /** Bounds of the graph with its ports cast. */
  constructor(
    readonly bounds: IntegerBounds,
    readonly hasKernel: PassContext['hasKernel'],
  ) {}

  /** A scope, and the bodies in it. Types must be inferred. */
  scope(graph: Graph): void {
    const g = new GraphBuilder(graph);
    for (const node of graph.nodes()) {
      if (node.domain !== '') continue;
      if (node.bodies.length > 0) {
        this.count += narrowEntering(node, this.bounds);
        for (const body of node.bodies) this.scope(body);
        this.count += narrowLeaving(node, this.bounds);
        continue;
      }
      const at = either[node.opType];
      const source = at === undefined ? undefined : narrow(node.inputs[at]);
      if (at !== undefined && source) {
        graph.setInput(node, at, source);
        this.count++;
      } else if (node.opType in numbersAt && this.#compute(node, g)) this.count++;
    }
  }

  #compute(node: Node, g: GraphBuilder): boolean {
    const { graph, opType, output } = node;
    const slots = numbersAt[opType] ?? node.inputs.map((_, index) => index);
    const read = slots.map((index) => node.inputs[index]);
    if (!read.some(narrow) || !read.every((value) => value && (narrow(value) ?? isFew(value, this.bounds))))
      return false;
    if (!this.hasKernel(opType, '', node.opset ?? 13, 'int32')) return false;
    if (computing.has(opType) && !isInt32(this.bounds.of(output))) return false;
    const inputs = node.inputs.map((value, index) => (value && slots.includes(index) ? narrowed(g, value) : value));
    const made = graph.add(opType, inputs, { name: node.name, attributes: Object.fromEntries(node.attributes) }).output;
    if (output.elem === 'bool') {
      made.type = output.type;
      graph.replaceUses(output, made);
      return true;
    }
    made.type = tensorType('int32', output.shape);
    const wide = g.cast(made, 'int64');
    wide.type = output.type;
    graph.replaceUses(output, wide);
    return true;
  }
}
