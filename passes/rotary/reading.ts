/**
 * Reads every rotation of a model as far as possible: whole, with the kernel's tables and layout, or with the missing
 * part.
 */

import type { Facts } from '../../src/infer/index.js';
import type { Graph } from '../../src/ir/graph.js';
import type { Node } from '../../src/ir/node.js';
import type { Value } from '../../src/ir/value.js';
import { Miss } from '../../src/match/miss.js';
import { Columns } from './columns.js';
import { inputOf, type RotaryEmission } from './kernel.js';
import { layoutOf } from './layout.js';
import { type MissedRotation, roots, rotationOf } from './rotation.js';
import { selectionsOf } from './selection.js';
import type { MadeTables } from './table.js';

class RotaryReadings {
  readonly #known = new Map<Value, RotaryEmission | MissedRotation | undefined>();
  readonly #sites = new Map<Graph, ReadonlySet<Node>>();
  readonly #made = new Map<Graph, MadeTables>();
  readonly #columns: Columns;

  constructor(readonly facts: Facts) {
    this.#columns = new Columns(facts);
  }

  /** The value read as a rotation; undefined where it is none. */
  of(value: Value): RotaryEmission | MissedRotation | undefined {
    if (!this.#known.has(value)) this.#known.set(value, this.#read(value));
    return this.#known.get(value);
  }

  #read(value: Value): RotaryEmission | MissedRotation | undefined {
    const rotation = rotationOf(value, this.facts);
    if (!rotation || 'miss' in rotation) return rotation;
    const missed = (reason: string): MissedRotation => ({
      miss: new Miss(reason, value.producer ?? value),
      nodes: rotation.nodes,
    });
    const tables = selectionsOf(rotation, this.#columns);
    if (typeof tables === 'string') return missed(tables);
    const layout = layoutOf(rotation, tables.cos, tables.sin);
    if (typeof layout === 'string') return missed(layout);
    if (rotation.width < rotation.lanes && typeof layout.heads !== 'number')
      return missed('a part of each head rotates, and the number of heads is not static');
    return { rotation, layout, ...tables };
  }

  /** The values that a rotation and the kernel in its place are both computed from. */
  operands({ rotation, layout, cos, sin }: RotaryEmission): readonly Value[] {
    const sources = [cos, sin].flatMap(({ value }) => [...this.#columns.sources(value)]);
    return [inputOf(rotation, layout, this.facts), ...new Set(sources)];
  }

  /** The tables that were built for a graph so far. */
  made(graph: Graph): MadeTables {
    const made = this.#made.get(graph) ?? new Map<string, Value>();
    this.#made.set(graph, made);
    return made;
  }

  /**
   * The last node of each rotation. Of nested rotations it is the largest that can be the kernel, and where none can,
   * the smallest.
   */
  sites(graph: Graph): ReadonlySet<Node> {
    const known = this.#sites.get(graph);
    if (known) return known;
    const whole = new Map<Node, readonly Node[]>();
    const missed = new Map<Node, readonly Node[]>();
    for (const node of graph.nodes()) {
      const value = node.outputs[0];
      const reading = value && node.domain === '' && roots.has(node.opType) ? this.of(value) : undefined;
      if (!reading) continue;
      if ('miss' in reading) missed.set(node, reading.nodes);
      else whole.set(node, reading.rotation.nodes);
    }
    const sites = new Set([...whole.keys()].filter((node) => !isInside(node, whole)));
    for (const [node, nodes] of missed) {
      const hasOther = nodes.some((one) => one !== node && (whole.has(one) || missed.has(one)));
      if (!hasOther && !isInside(node, whole)) sites.add(node);
    }
    this.#sites.set(graph, sites);
    return sites;
  }
}

/** True where a rotation that ends at another node has this one inside. */
function isInside(node: Node, rotations: ReadonlyMap<Node, readonly Node[]>): boolean {
  for (const [root, nodes] of rotations) if (root !== node && nodes.includes(node)) return true;
  return false;
}

const known = new WeakMap<Facts, RotaryReadings>();

/** The readings of a model, for as long as its facts hold. */
export function readingsOf(facts: Facts): RotaryReadings {
  const readings = known.get(facts) ?? new RotaryReadings(facts);
  known.set(facts, readings);
  return readings;
}
