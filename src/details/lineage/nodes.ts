/** The nodes of one model by their identity. */
import { append } from '../../ir/collections/lists.js';
import type { Model } from '../../ir/model.js';
import type { Node } from '../../ir/node.js';
import { isSameTensor } from '../../ir/tensors/same-tensor.js';
import type { Identity, RecordedTrail } from '../../ir/trail.js';
import type { Value } from '../../ir/value.js';

export class NodesByIdentity {
  readonly #nodes = new Map<Identity, Node>();

  constructor(
    readonly model: Model,
    readonly trail: RecordedTrail,
  ) {
    for (const { nodeSet } of model.graphs()) for (const node of nodeSet) this.#nodes.set(this.#of(node), node);
  }

  #of(node: Node): Identity {
    return this.trail.identities.of(node);
  }

  has(identity: Identity): boolean {
    return this.#nodes.has(identity);
  }

  get(identity: Identity): Node | undefined {
    return this.#nodes.get(identity);
  }

  [Symbol.iterator](): IterableIterator<[Identity, Node]> {
    return this.#nodes.entries();
  }

  producerOf(value: Value | undefined): Identity | undefined {
    return value?.producer && this.#of(value.producer);
  }

  /** A node, what it is computed from, and what is in its bodies, as far as `goes` says. */
  upwards(from: Identity, goes: (identity: Identity) => boolean): Identity[] {
    const found = new Set<Identity>();
    const stack = [from];
    for (let identity = stack.pop(); identity; identity = stack.pop()) {
      const node = this.get(identity);
      if (!node || found.has(identity) || (identity !== from && !goes(identity))) continue;
      found.add(identity);
      append(
        stack,
        node.inputs.flatMap((value) => this.producerOf(value) ?? []),
      );
      for (const body of node.bodies)
        append(
          stack,
          [...body.nodeSet].map((inner) => this.#of(inner)),
        );
    }
    return [...found];
  }
}

/** The values that readers in both models read at the same place: inputs of nodes that stay, outputs of graphs. */
export function* slotsOf(
  old: NodesByIdentity,
  now: NodesByIdentity,
): Iterable<readonly [Value | undefined, Value | undefined]> {
  for (const [identity, node] of now) {
    const was = old.get(identity);
    if (!was) continue;
    for (const [index, value] of node.inputs.entries()) yield [was.inputs[index], value];
    for (const [at, body] of node.bodies.entries())
      for (const [index, value] of body.outputs.entries()) yield [was.bodies[at]?.outputs[index], value];
  }
  const { graph } = old.model;
  const ports = new Map(graph.outputPorts.map(({ name }, index) => [name, graph.outputs[index]]));
  for (const [index, { name }] of now.model.graph.outputPorts.entries())
    yield [ports.get(name), now.model.graph.outputs[index]];
  for (const fn of now.model.functions) {
    const was = old.model.functions.find(({ domain, name }) => domain === fn.domain && name === fn.name);
    for (const [index, value] of fn.graph.outputs.entries()) yield [was?.graph.outputs[index], value];
  }
}

/** True where a node has other attributes than it had, or reads other constants. */
export const isChanged = (was: Node, is: Node): boolean =>
  was.attributes.size !== is.attributes.size ||
  [...is.attributes].some(([name, one]) => {
    const other = was.attributes.get(name);
    return one !== other && one.type !== 'graph' && one.type !== 'graphs';
  }) ||
  is.inputs.some(({ tensor } = {} as Value, index) => {
    const other = was.inputs[index]?.tensor;
    return tensor && !(other && isSameTensor(tensor, other));
  });
