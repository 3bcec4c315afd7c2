/** Holds the blocks of a graph against what they promise, told from the graph alone. */
import { expect } from 'vitest';
import type { Graph } from '../../src/ir/graph.js';
import type { Node } from '../../src/ir/node.js';
import { dependenciesOf } from '../../src/ir/order.js';
import type { Value } from '../../src/ir/value.js';
import type { Block, BlockInstance } from '../../src/match/blocks/block.js';

/** The node of this graph that uses a value, be it in a body; undefined for the graph's end. */
function user(graph: Graph, node: Node): Node | undefined {
  let at: Node | undefined = node;
  while (at && at.graph !== graph) at = at.graph.owner;
  return at?.isEnd ? undefined : at;
}

/** Where a read value comes from, as every instance must say it alike. */
function origin(places: ReadonlyMap<Node, number>, value: Value | undefined): string {
  if (!value) return 'absent';
  const inside = value.producer && places.get(value.producer);
  return inside === undefined ? 'outside' : `${inside}.${value.index}`;
}

const placesIn = ({ nodes }: BlockInstance) => new Map(nodes.map((node, at) => [node, at]));

const opText = ({ domain, opType, outputs, attributes }: Node): string =>
  `${domain}.${opType}/${outputs.length}/${[...attributes.keys()].sort()}`;

/** No node twice, instances wired alike, borders complete, and all of them callable at once. */
export function checkContract(graph: Graph, blocks: readonly Block[]): void {
  const groupOf = new Map<Node, BlockInstance>();
  for (const { instances } of blocks) {
    expect(instances.length).toBeGreaterThan(1);
    const [first] = instances as [BlockInstance];
    const firstPlaces = placesIn(first);
    for (const instance of instances) {
      const places = placesIn(instance);
      for (const node of instance.nodes) {
        expect(groupOf.has(node), `${node.label} is in two instances`).toBe(false);
        groupOf.set(node, instance);
      }
      expect(instance.nodes.map(opText)).toEqual(first.nodes.map(opText));
      for (const part of ['inputs', 'outputs', 'constants'] as const)
        expect(instance[part].length).toBe(first[part].length);
      instance.nodes.forEach((node, at) => {
        const other = first.nodes[at] as Node;
        expect(node.inputs.map((value) => origin(places, value))).toEqual(
          other.inputs.map((value) => origin(firstPlaces, value)),
        );
        for (const value of dependenciesOf(node)) {
          if (origin(places, value) !== 'outside') continue;
          if (!instance.inputs.includes(value)) expect(instance.constants, value.name).toContain(value);
        }
        node.inputs.forEach((value, place) => {
          const its = other.inputs[place];
          if (!value || !its || origin(places, value) !== 'outside') return;
          const alike = (list: 'inputs' | 'constants') =>
            instance[list].some((one, index) => one === value && first[list][index] === its);
          expect(alike('inputs') || alike('constants'), `${node.label} input ${place}`).toBe(true);
        });
      });
      for (const value of instance.constants) expect(value.isConstant).toBe(true);
    }
    first.outputs.forEach((_, at) => {
      const isNeeded = instances.some((instance) =>
        [...(instance.outputs[at] as Value).uses].some(
          ({ node }) => groupOf.get(user(graph, node) as Node) !== instance,
        ),
      );
      expect(isNeeded).toBe(true);
    });
    for (const instance of instances)
      for (const node of instance.nodes)
        for (const value of node.outputs)
          if (value && [...value.uses].some((use) => groupOf.get(user(graph, use.node) as Node) !== instance))
            expect(instance.outputs, value.name).toContain(value);
  }
  checkOrder(graph, groupOf);
}

/** Calls in place of instances leave no circle. */
function checkOrder(graph: Graph, groupOf: ReadonlyMap<Node, BlockInstance>): void {
  const unit = (node: Node) => groupOf.get(node) ?? node;
  const state = new Map<BlockInstance | Node, 'open' | 'done'>();
  const visit = (one: BlockInstance | Node): void => {
    if (state.get(one) === 'done') return;
    expect(state.get(one), 'a circle runs through instances').toBeUndefined();
    state.set(one, 'open');
    for (const node of 'nodes' in one ? one.nodes : [one])
      for (const value of dependenciesOf(node))
        if (value.producer?.graph === graph && unit(value.producer) !== one) visit(unit(value.producer));
    state.set(one, 'done');
  };
  for (const node of graph.nodes()) visit(unit(node));
}
