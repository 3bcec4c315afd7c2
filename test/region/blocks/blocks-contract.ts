/** Checks the promises of found blocks, from the graph alone. */
import { expect } from 'vitest';
import { inferTypes } from '../../../src/infer/index.js';
import type { Graph } from '../../../src/ir/graph.js';
import type { Model } from '../../../src/ir/model.js';
import type { Node } from '../../../src/ir/node.js';
import { dependenciesOf } from '../../../src/ir/scopes/order.js';
import type { Value } from '../../../src/ir/value.js';
import { type Block, type BlockInstance, findBlocks } from '../../../src/region/blocks/index.js';

/** The node of this graph that uses a value, directly or in a body; undefined for the graph's end. */
function user(graph: Graph, node: Node): Node | undefined {
  let at: Node | undefined = node;
  while (at && at.graph !== graph) at = at.graph.owner;
  return at?.isEnd ? undefined : at;
}

/** Describes the source of a value that an instance reads. All instances must give equal descriptions. */
function origin(places: ReadonlyMap<Node, number>, value: Value | undefined): string {
  if (!value) return 'absent';
  const inside = value.producer && places.get(value.producer);
  return inside === undefined ? 'outside' : `${inside}.${value.index}`;
}

const placesIn = ({ nodes }: BlockInstance) => new Map(nodes.map((node, at) => [node, at]));

const opText = ({ domain, opType, outputs, attributes }: Node): string =>
  `${domain}.${opType}/${outputs.length}/${[...attributes.keys()].sort()}`;

/** Finds the blocks of the main graph and checks them. */
export function found(of: Model): readonly Block[] {
  inferTypes(of);
  const blocks = findBlocks(of.graph);
  checkContract(of.graph, blocks);
  return blocks;
}

/** Each block as `count × nodes`. */
export const sizes = (blocks: readonly Block[]): string[] =>
  blocks.map(({ instances }) => `${instances.length} × ${instances[0]?.nodes.length}`);

/** Checks that no node is in two instances, that instances are wired alike, that borders are complete, and that all instances can be calls at once. */
export function checkContract(graph: Graph, blocks: readonly Block[]): void {
  const groupOf = new Map<Node, BlockInstance>();
  const wrong: string[] = [];
  for (const { instances } of blocks) {
    expect(instances.length).toBeGreaterThan(1);
    for (const instance of instances)
      for (const node of instance.nodes) {
        if (groupOf.has(node)) wrong.push(`${node.label}: in two instances`);
        groupOf.set(node, instance);
      }
  }
  for (const { instances } of blocks) {
    const [first] = instances as [BlockInstance];
    for (const instance of instances) wrong.push(...unlike(instance, first), ...openBorders(graph, groupOf, instance));
    first.outputs.forEach(({ name }, at) => {
      const isNeeded = (one: BlockInstance) => isReadOutside(graph, groupOf, one, one.outputs[at] as Value);
      if (!instances.some(isNeeded)) wrong.push(`${name}: an output that nobody reads`);
    });
  }
  expect(wrong).toEqual([]);
  checkOrder(graph, groupOf);
}

/** Lists differences between the wiring of an instance and of the first one. */
function unlike(instance: BlockInstance, first: BlockInstance): string[] {
  const wrong: string[] = [];
  const [places, firstPlaces] = [placesIn(instance), placesIn(first)];
  for (const part of ['nodes', 'inputs', 'outputs', 'constants'] as const)
    if (instance[part].length !== first[part].length) wrong.push(`${part}: of other length`);
  const pairs = new Map<Value, Set<Value>>();
  for (const part of ['inputs', 'constants'] as const)
    instance[part].forEach((value, at) => {
      pairs.set(value, (pairs.get(value) ?? new Set()).add(first[part][at] as Value));
    });
  instance.nodes.forEach((node, at) => {
    const other = first.nodes[at] as Node;
    if (opText(node) !== opText(other)) wrong.push(`${node.label}: another op than ${other.label}`);
    node.inputs.forEach((value, place) => {
      const its = other.inputs[place];
      const own = origin(places, value);
      if (own !== origin(firstPlaces, its)) wrong.push(`${node.label}: input ${place} comes from elsewhere`);
      else if (value && its && own === 'outside' && !pairs.get(value)?.has(its))
        wrong.push(`${node.label}: input ${place} is not aligned`);
    });
  });
  return wrong;
}

/** Lists values that an instance reads or gives and that its border lacks. */
function openBorders(graph: Graph, groupOf: ReadonlyMap<Node, BlockInstance>, instance: BlockInstance): string[] {
  const places = placesIn(instance);
  const read = new Set([...instance.inputs, ...instance.constants]);
  const given = new Set(instance.outputs);
  const wrong = instance.constants.filter((value) => !value.isConstant).map(({ name }) => `${name}: no constant`);
  for (const node of instance.nodes) {
    for (const value of dependenciesOf(node))
      if (origin(places, value) === 'outside' && !read.has(value)) wrong.push(`${value.name}: read, and no input`);
    for (const value of node.outputs)
      if (value && !given.has(value) && isReadOutside(graph, groupOf, instance, value))
        wrong.push(`${value.name}: read outside, and no output`);
  }
  return wrong;
}

const isReadOutside = (
  graph: Graph,
  groupOf: ReadonlyMap<Node, BlockInstance>,
  instance: BlockInstance,
  value: Value,
): boolean => [...value.uses].some(({ node }) => groupOf.get(user(graph, node) as Node) !== instance);

/** Checks that a graph with calls in place of instances has no circle. */
function checkOrder(graph: Graph, groupOf: ReadonlyMap<Node, BlockInstance>): void {
  const unit = (node: Node) => groupOf.get(node) ?? node;
  const state = new Map<BlockInstance | Node, 'open' | 'done'>();
  const visit = (one: BlockInstance | Node): void => {
    if (state.get(one) === 'done') return;
    if (state.get(one) === 'open') throw new Error('a circle runs through instances');
    state.set(one, 'open');
    for (const node of 'nodes' in one ? one.nodes : [one])
      for (const value of dependenciesOf(node))
        if (value.producer?.graph === graph && unit(value.producer) !== one) visit(unit(value.producer));
    state.set(one, 'done');
  };
  for (const node of graph.nodes()) visit(unit(node));
}
