/** The structure of a model by blocks, for `inspect`: what repeats, and the parts that stand once. */

import { append } from '../../ir/collections/lists.js';
import type { Graph } from '../../ir/graph.js';
import type { Model, ModelFunction } from '../../ir/model.js';
import type { Node } from '../../ir/node.js';
import { calleesFirst } from '../../ir/scopes/call-order.js';
import { byScope } from '../../ir/scopes/node-scopes.js';
import { parametersOf } from '../../ir/tensors/parameters.js';
import { bytesText, countText } from '../../ir/text/quantities.js';
import type { Value } from '../../ir/value.js';
import { counted, table } from '../style.js';

export interface BlockInfo {
  readonly name: string;
  /** How often it stands in the model; of a block in a block, how often in one instance. */
  readonly count: number;
  /** Of one instance, those of functions it calls included; where instances differ a little, what they have in common. */
  readonly nodes: number;
  /** Numbers in the constants that one instance reads, shapes and indices aside. */
  readonly parameters: number;
  /** Of the constants that one instance reads. */
  readonly bytes: number;
  /** What repeats inside one instance and makes up most of it, as the blocks of a stage or the experts of a layer. */
  readonly blocks?: readonly BlockInfo[];
}

/** What `findBlocks` gives, as far as it is shown. */
export interface FoundBlock {
  readonly name: string;
  readonly repeat: number;
  readonly instances: readonly { readonly nodes: readonly Node[]; readonly constants: readonly Value[] }[];
}

/** Finds the blocks of a graph, or those among some of its nodes. */
export type FindBlocks = (graph: Graph, among?: readonly Node[]) => readonly FoundBlock[];

/** Repeats first, those that cover most nodes before others; pieces of one repeat count as one block. */
export function blockInfos(model: Model, find: FindBlocks): BlockInfo[] {
  const repeated: BlockInfo[] = [];
  const single: Node[] = [];
  for (const graph of model.graphs()) {
    const found = find(graph);
    const inside = new Set(found.flatMap(({ instances }) => instances.flatMap(({ nodes }) => nodes)));
    append(repeated, repeats(graph, found, find));
    if (!graph.isInFunction)
      append(
        single,
        graph.nodes().filter((node) => !inside.has(node)),
      );
  }
  return [...byNodes(repeated), ...parts(single)];
}

const byNodes = (infos: readonly BlockInfo[]): BlockInfo[] =>
  infos.slice().sort((a, b) => b.count * b.nodes - a.count * a.nodes);

/** What repeats inside a block is worth telling where it holds this share of its nodes or parameters. */
const MOST_OF = 0.5;

function repeats(graph: Graph, found: readonly FoundBlock[], find: FindBlocks): BlockInfo[] {
  return [...new Set(found.map((block) => block.repeat))].map((repeat) => {
    const pieces = found.filter((block) => block.repeat === repeat);
    const [{ name, instances }] = pieces as [FoundBlock];
    const own = new Set(pieces.flatMap((piece) => piece.instances[0]?.nodes ?? []));
    const nodes = sizeOf(own);
    const constants = new Set(pieces.flatMap((piece) => piece.instances[0]?.constants ?? []));
    const [parameters, bytes] = [parametersIn(constants), bytesIn(constants)];
    const among = pieces.length > 1 ? graph.nodes().filter((node) => own.has(node)) : [...own];
    const blocks = byNodes(repeats(graph, find(graph, among), find)).filter((one) =>
      parameters > 0 && one.parameters === 0
        ? false
        : one.count * one.nodes >= MOST_OF * nodes || one.count * one.parameters > MOST_OF * parameters,
    );
    return { name, count: instances.length, nodes, parameters, bytes, ...(blocks.length > 0 && { blocks }) };
  });
}

/** Nodes, each call as those of its function: calls of calls of calls would be 2^n to go through. */
function sizeOf(nodes: Iterable<Node>): number {
  const all = [...nodes];
  const model = all[0]?.graph.model;
  const sizes = new Map<ModelFunction | undefined, number>([[undefined, 1]]);
  const sum = (some: Iterable<Node>): number => {
    let size = 0;
    for (const node of some) size += sizes.get(model?.functionOf(node)) ?? 1;
    return size;
  };
  if (model && all.some((node) => model.functionOf(node)))
    for (const fn of calleesFirst(model)) sizes.set(fn, sum(fn.graph.nodeSet));
  return sum(all);
}

const parametersIn = (constants: Iterable<Value>): number => {
  let sum = 0;
  for (const value of constants) sum += parametersOf(value);
  return sum;
};

const bytesIn = (constants: Iterable<Value>): number => {
  let sum = 0;
  for (const { tensor } of constants) sum += tensor?.byteLength ?? 0;
  return sum;
};

/** Nodes that do not repeat, by their scope. */
const parts = (nodes: readonly Node[]): BlockInfo[] =>
  [...byScope(nodes)].map(([name, own]) => {
    const constants = new Set(own.flatMap(({ inputs }) => inputs.flatMap((value) => (value?.tensor ? [value] : []))));
    return { name, count: 1, nodes: sizeOf(own), parameters: parametersIn(constants), bytes: bytesIn(constants) };
  });

/** What is smaller than this share of the model, in nodes and in parameters, is not a line of its own. */
const SMALL = 0.02;
/** Repeats without parameters, as the arithmetic of shapes is, are none below this share of the nodes. */
const SMALL_PLAIN = 0.1;

/** A line for each block of some size: `12 ×  encoder layer  49 nodes, 7.1 M parameters`, and for each block in it. */
export function blockLines(blocks: readonly BlockInfo[]): string[] {
  const whole = (field: 'nodes' | 'parameters') => blocks.reduce((sum, one) => sum + one.count * one[field], 0);
  const [nodes, parameters] = [whole('nodes'), whole('parameters')];
  const isSmall = (one: BlockInfo) =>
    one.count * one.parameters <= SMALL * parameters &&
    one.count * one.nodes < (one.count > 1 && one.parameters === 0 && parameters > 0 ? SMALL_PLAIN : SMALL) * nodes;
  const small = blocks.filter(isSmall);
  const rows = blocks.filter((one) => !isSmall(one)).flatMap((one) => rowsOf(one, ''));
  const rest = small.reduce((sum, one) => sum + one.count * one.nodes, 0);
  if (small.length) rows.push(['', `${counted(small.length, 'smaller block')}`, counted(rest, 'node')]);
  return table(rows, '>');
}

/** A block, and below it what each of its instances repeats. */
function rowsOf({ count, name, nodes, parameters, bytes, blocks = [] }: BlockInfo, indent: string): string[][] {
  const size = `${counted(nodes, 'node')}${parameters ? `, ${countText(parameters)} parameters, ${bytesText(bytes)}` : ''}`;
  const own = indent ? ['', `${indent}each ${count} × ${name}`, size] : [`${count} ×`, name, size];
  return [own, ...blocks.flatMap((one) => rowsOf(one, `${indent}  `))];
}
