/** Adds the nodes that stand in another's place, named after it. */
import { type Attributes, type BuildOptions, GraphBuilder } from '../ir/build.js';
import type { Graph } from '../ir/graph.js';
import type { Node } from '../ir/node.js';
import type { Value } from '../ir/value.js';

export class Rewriter extends GraphBuilder {
  /** The added nodes, in order. */
  readonly added: Node[] = [];
  /** The model's revision before the first. */
  readonly since: number;

  constructor(
    graph: Graph,
    /** Name of the node that is replaced: its scope is the new nodes' scope. */
    readonly after: string,
  ) {
    super(graph);
    this.since = graph.model.revision;
  }

  override node(
    opType: string,
    inputs: readonly (Value | undefined)[],
    attributes?: Attributes,
    options: BuildOptions = {},
  ): Node {
    const name = this.after.includes('/') ? this.after.replace(/\/[^/]*$/, `/${opType}`) : opType;
    const { outputs = 1 } = options;
    const labels = Array.from({ length: outputs as number }, (_, i) => `${name}_output_${i}`);
    const node = super.node(opType, inputs, attributes, { name, ...options, outputs: labels });
    this.added.push(node);
    return node;
  }
}
