/** A model with few repeats of each chain for all of them, where that leaves out enough of its nodes. */

import { type Facts, inferTypes } from '../infer/index.js';
import type { Model } from '../ir/model.js';
import { Divergence } from '../ir/tensors/bank.js';
import type { Value } from '../ir/value.js';
import { type ChainLimits, planOf, type Refusal, type Run } from './find/plan.js';
import { isSteady } from './find/steady.js';
import { Regions } from './regions.js';
import { type Cut, cutOf, shorten } from './shorten.js';
import { differenceIn } from './whole/whole.js';

/**
 * To shorten a chain and to stamp it out again takes its time: where less of all nodes is left out, passes save no more. Twelve
 * layers, of which half is left out, took 0.75 to 0.8 of the CPU time; eight took more.
 */
const LEAST_SHARE = 0.4;

/** Repeats are not looked for in fewer nodes: that takes a tenth of the time of exact passes on two layers. Eleven layers have more. */
const LEAST_NODES = 256;

/** The chains that are looked for: by default those that can leave out enough, as five repeats of each are compiled at least. */
const FORCED: ChainLimits = { repeats: 5, nodes: 1 };
const WORTH: ChainLimits = { repeats: Math.ceil(5 / (1 - LEAST_SHARE)), nodes: 8 };

/** A chain of like repeats, as the report holds it. */
export interface Repeat {
  readonly block: string;
  /** Repeats of the chain. */
  readonly count: number;
  /** Nodes of one repeat. */
  readonly nodes: number;
  /** How many of the repeats one was compiled for. */
  readonly once: number;
  /** Why not all repeats that are alike were compiled once, to the end. */
  readonly reason?: string;
}

/** A model with few repeats for all. */
export interface Shortened {
  readonly model: Model;
  readonly regions: Regions;
  /** The findings of inference, where the model was not typed before. */
  readonly facts: Facts | undefined;
}

/** The chains of a model, and the shortened model where it is worth it. */
export interface Shortening {
  readonly short?: Shortened;
  readonly repeats: readonly Repeat[];
}

/** A chain on its way to be shortened. */
interface ShortenedChain {
  readonly of: Run;
  readonly cut: Cut | string;
}

/**
 * Shortens a copy, unless too little would be left out and nobody insists. Of a model without inferred types the copy is typed, and there
 * is none where its types do not tell those of the nodes that were left out.
 */
export function shortening(model: Model, isTyped: boolean, isForced: boolean): Shortening {
  const { size } = model.graph.nodeSet;
  if (!isForced && size < LEAST_NODES) return { repeats: [] };
  const least = isForced ? 0 : LEAST_SHARE * size;
  const { runs, refusals } = planOf(model, isForced ? FORCED : WORTH, isTyped && isForced);
  if (runs.length === 0 || leftOutOf(runs) < least) return { repeats: refusals.map(refusedRepeat) };
  const all = runs.map((run, index): ShortenedChain => ({ of: run, cut: cutOf(model.graph, run, `${index}`) }));
  const repeats = all.map(repeatOf);
  const cuts = all.flatMap(({ of, cut }) => (typeof cut === 'string' ? [] : [{ of, cut }]));
  if (cuts.length === 0 || leftOutOf(cuts.map(({ of }) => of)) < least) return { repeats };
  const copies = new Map<Value, Value>();
  const copy = shorten(model, cuts, copies);
  const facts = isTyped ? undefined : factsOf(copy);
  if (!isTyped && !(facts && cuts.every(({ of }) => isSteady(of, facts, copies)))) return { repeats };
  const regions = new Regions(cuts.map(({ cut }) => cut.run));
  const reason = differenceIn(copy, regions.runs);
  if (reason !== undefined) return { repeats: unlike(repeats, reason) };
  return { short: { model: copy, regions, facts }, repeats };
}

/** The chains, none of them compiled once to the end. */
export const unlike = (repeats: readonly Repeat[], reason: string): readonly Repeat[] =>
  repeats.map((one) => (one.reason === undefined ? { ...one, reason } : one));

/** Nodes of the main graph that are left out. */
const leftOutOf = (runs: readonly Run[]): number =>
  runs.reduce((sum, { lists, first, last }) => sum + (last - first - 3) * (lists[first + 2]?.length ?? 0), 0);

/** Undefined where inference asks for numbers that are not the same in all repeats. */
function factsOf(model: Model): Facts | undefined {
  try {
    return inferTypes(model);
  } catch (error) {
    if (error instanceof Divergence) return undefined;
    throw error;
  }
}

function repeatOf({ of: { count, name, lists, first }, cut }: ShortenedChain): Repeat {
  const chain = { block: name, count, nodes: lists[first + 2]?.length ?? 0 };
  if (typeof cut === 'string') return { ...chain, once: 0, reason: cut };
  return { ...chain, once: cut.run.members.length };
}

const refusedRepeat = ({ block: { name, instances }, reason }: Refusal): Repeat => ({
  block: name,
  count: instances.length,
  nodes: instances[0]?.nodes.length ?? 0,
  once: 0,
  reason,
});
