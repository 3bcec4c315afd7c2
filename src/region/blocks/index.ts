/**
 * Repeated blocks of a scope, found by structure: transformer layers, stages, levels, whatever they are called.
 *
 * 1. Nodes get labels, and labels of their surroundings (`labels`).
 * 2. From nodes with equal surroundings, pairs "the same part, one repeat later" are grown along the edges; pairs line up
 *    in chains (`grow`), chains side by side are repeats (`align`), cut where the fewest values cross (`border`).
 * 3. A repeat with paths that leave it and come back is cut into pieces without (`convex`).
 * 4. What stands side by side in each layer is put together, too (`abreast`).
 * 5. Of the many overlapping repeats the best description is chosen (`choose`); what it hid is looked for in the rest.
 *
 * Why this way: repeats found in a string of node labels depend on the file's order, and one odd node breaks them; hashing
 * whole subgraphs needs to know where a layer begins. Growing pairs needs neither, and an odd first layer costs its odd
 * nodes alone.
 */
import type { Graph } from '../../ir/graph.js';
import type { Node } from '../../ir/node.js';
import { parametersOf } from '../../ir/tensors/parameters.js';
import type { Value } from '../../ir/value.js';
import type { AlignedRows } from './align.js';
import type { Block, BlockInstance } from './block.js';
import { type BlockCandidate, candidatesOf, RADIUS } from './candidates.js';
import { BlockChoice } from './choose.js';
import { Levels, piecesOf } from './convex.js';
import { labelsOf } from './labels.js';
import { nameOf } from './name.js';
import { isOrdered } from './order.js';
import { realigned } from './realign.js';
import { type Wiring, wiringOf } from './wiring.js';

/** The fewest nodes of a block, unless it calls a local function. */
const LEAST = 3;

/** Searches of a scope at most: each is for kinds of blocks that the one before did not see. */
const ROUNDS = 4;
/** Another search follows where one found blocks with more than this share of the nodes. */
const WORTH = 0.01;

export type { Block, BlockInstance } from './block.js';

/**
 * The blocks of one scope, what covers most nodes first; or those among some of its nodes, in dependency order, as the
 * repeats inside an instance of a block. Nodes of bodies count with their owner; ask for each body's own.
 * Deterministic, whatever the names. Types should have been inferred: where they are unknown, less is told apart.
 */
export function findBlocks(graph: Graph, among?: readonly Node[]): readonly Block[] {
  const wiring = wiringOf(graph, among);
  const levels = new Levels(wiring);
  const choice = new BlockChoice(wiring, Float64Array.from(wiring.reads, parametersRead));
  const labels = labelsOf(wiring, RADIUS);
  const isAlike = (node: number, other: number) => labels.kind[node] === labels.kind[other] && !choice.used[node];
  const blocks: Block[] = [];
  const groupOf = new Int32Array(wiring.nodes.length).fill(-1);
  let groups = 0;
  const repeats = new Map<AlignedRows, number>();
  const isWhole = (node: number): boolean => {
    const call = wiring.nodes[node];
    return call !== undefined && graph.model.functionOf(call) !== undefined;
  };
  const isLarge = (rows: AlignedRows) => rows.length >= LEAST || rows.some(([node]) => isWhole(node as number));
  const accept = ({ rows: grown, whole }: BlockCandidate): AlignedRows | undefined => {
    const repeat = repeats.get(whole) ?? repeats.size;
    repeats.set(whole, repeat);
    const rows = realigned(wiring, grown, levels.shared(grown, 'most'), isAlike);
    const common = levels.common(rows);
    if (!common) return undefined;
    const before = blocks.length;
    for (const piece of piecesOf(rows, common)) {
      if (!isLarge(piece)) continue;
      const old = groups;
      for (const row of piece)
        row.forEach((node, instance) => {
          groupOf[node] = old + instance;
        });
      groups += (piece[0] as number[]).length;
      if (isOrdered(wiring, groupOf, groups)) blocks.push({ repeat, ...blockOf(wiring, levels, piece) });
      else for (const row of piece) for (const node of row) groupOf[node] = -1;
    }
    return blocks.length > before ? rows : undefined;
  };
  const search = { wiring, labels, levels, used: choice.used };
  // What repeats most hides the others, as an encoder's layers the decoder's: these are looked for in what is left.
  for (let round = 0, found = Infinity; round < ROUNDS && found > WORTH * wiring.nodes.length; round++) {
    const before = covered(blocks);
    choice.run(candidatesOf(search, isWhole, isLarge), isLarge, accept);
    found = covered(blocks) - before;
  }
  return blocks.sort((a, b) => size(b) - size(a));
}

const parametersRead = (reads: readonly (Value | undefined)[]): number =>
  reads.reduce((sum, value) => sum + (value ? parametersOf(value) : 0), 0);

const covered = (blocks: readonly Block[]): number => blocks.reduce((sum, block) => sum + size(block), 0);

const size = ({ instances }: Block): number => instances.length * (instances[0] as BlockInstance).nodes.length;

function blockOf(wiring: Wiring, levels: Levels, unsorted: AlignedRows): Omit<Block, 'repeat'> {
  // Without paths that leave and come back, the order of one instance is an order of all.
  const rows = unsorted.slice().sort(([a = 0], [b = 0]) => a - b);
  const shared = levels.shared(rows);
  const instances = (rows[0] as number[]).map((_, at) => new Set(rows.map((row) => row[at] as number)));
  const { nodes, reads, readers, given } = wiring;
  const inputs = new Map<string, Value[]>();
  const constants = new Map<string, Value[]>();
  const outputs: Value[][] = [];
  rows.forEach((row, number) => {
    shared[number]?.forEach((source, place) => {
      const values = row.map((node) => reads[node]?.[place]);
      if (source >= 0 || !values[0]) return;
      const key = values.map((value) => value?.sequence).join();
      (values.every((value) => value?.tensor) ? constants : inputs).set(key, values as Value[]);
    });
    readers[row[0] as number]?.forEach((_, output) => {
      const isRead = row.some((node, at) => {
        const value = nodes[node]?.outputs[output];
        return (
          (value && given.has(value)) || readers[node]?.[output]?.some((reader) => !instances[at]?.has(reader.node))
        );
      });
      if (isRead) outputs.push(row.map((node) => nodes[node]?.outputs[output] as Value));
    });
  });
  const column = (lists: Iterable<Value[]>, at: number): Value[] => [...lists].map((list) => list[at] as Value);
  const made: BlockInstance[] = instances.map((own, at) => ({
    nodes: [...own].map((node) => nodes[node] as BlockInstance['nodes'][0]),
    inputs: column(inputs.values(), at),
    outputs: column(outputs, at),
    constants: column(constants.values(), at),
  }));
  return { name: nameOf(made), instances: made };
}
