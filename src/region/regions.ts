/**
 * The repeats of a model that are compiled once: which nodes and values of the shortened model stand for many.
 *
 * Passes see a plain graph with fewer repeats, and never know. What is said and counted of a stand-in is said and counted of
 * every repeat that it stands for.
 */

import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import { Divergence, markOf } from '../ir/tensors/bank.js';
import type { Value } from '../ir/value.js';
import { standInOfAnchor } from './counts.js';
import { type ShortRun, THIRD } from './short-run.js';
import { holdsStandIns, standInsOf, standingFor } from './stand-ins.js';
import { Renaming } from './whole/names.js';
import { wholeOf } from './whole/whole.js';

export class Regions {
  /** Nodes that stood in the model when a pass began; the others are its own. */
  #known = new Set<Node>();
  #standing = new Map<Node, ShortRun>();
  readonly #wholes = new WeakMap<Model, { readonly revision: number; readonly whole: Model }>();
  readonly #renamings = new WeakMap<ShortRun, Renaming>();

  /** None: a model as it is. */
  constructor(readonly runs: readonly ShortRun[] = []) {}

  get isShortened(): boolean {
    return this.runs.length > 0;
  }

  /** The model with all repeats, the same while it is not edited. Throws where stand-ins are not alike: they are compared after every pass. */
  whole(model: Model): Model {
    const whole = this.#stamped(model);
    if (typeof whole === 'string') throw new Error(`repeats that were alike cannot be stamped out: ${whole}`);
    return whole;
  }

  /** The same of a copy that a pass made to try something, which nobody compared: throws Divergence where its stand-ins are not alike. */
  wholeTrial(model: Model): Model {
    const whole = this.#stamped(model);
    if (typeof whole === 'string') throw new Divergence(undefined, whole);
    return whole;
  }

  #stamped(model: Model): Model | string {
    if (!this.isShortened) return model;
    const known = this.#wholes.get(model);
    if (known?.revision === model.revision) return known.whole;
    const whole = wholeOf(model, this.runs);
    if (typeof whole !== 'string') this.#wholes.set(model, { revision: model.revision, whole });
    return whole;
  }

  /** Takes note of what nodes stand for, before a pass edits the model. */
  enter(model: Model): void {
    this.#known = this.isShortened ? new Set(model.graph.nodeSet) : new Set();
    this.#standing = new Map(this.runs.flatMap((run) => standingFor(model, run).map((node) => [node, run] as const)));
  }

  /** The names of a node or value in each repeat that it stands for, in order; its own name where it is one alone. */
  namesAt(about: Node | Value): readonly string[] {
    const name = nameOf(about);
    const run = this.#runOf(about, name);
    if (run) return run.members.map((_, index) => this.#renamingOf(run).of(name, index));
    // A part that was the third's and is behind it now is the last member's.
    const before = this.runs.find(({ parts }) => parts.has(name));
    return [before ? (before.names.at(-1)?.[before.parts.get(name) as number] ?? name) : name];
  }

  /** For how many nodes or values of the model it stands. */
  timesOf(about: Node | Value): number {
    const standIn = 'tensor' in about ? standInOfAnchor(about, this.runs) : 0;
    if (standIn > 0) return standIn > 1 ? 0 : 1;
    return this.#runOf(about, nameOf(about))?.members.length ?? 1;
  }

  /** Whether repeats lie inside one of these sets of nodes, which is less than it is in the whole model then. */
  areInside(sets: readonly Iterable<Node>[], model: Model): boolean {
    return this.runs.some((run) => {
      const standIns = standInsOf(model, run);
      return sets.some((nodes) => holdsStandIns(nodes, standIns));
    });
  }

  /** A value that comes in the place of another stands for as many. */
  follow(old: Value, by: Value): void {
    if (!old.producer || !by.producer || this.#known.has(by.producer)) return;
    const run = this.#runOf(old, old.name);
    this.#known.add(by.producer);
    if (run) this.#standing.set(by.producer, run);
  }

  #runOf(about: Node | Value, name: string): ShortRun | undefined {
    const node = 'opType' in about ? about : about.producer;
    if (node && this.#known.has(node)) return this.#standing.get(node);
    if (!('opType' in about) && about.tensor) return this.#runOfConstant(about);
    // Made by a pass.
    return this.runs.find(({ parts }) => parts.has(name));
  }

  /** A constant is there for each member if its numbers are, or if only they read it. */
  #runOfConstant({ tensor, uses }: Value): ShortRun | undefined {
    const mark = tensor && markOf(tensor);
    if (mark) return mark.standIn === THIRD ? this.runs.find(({ id }) => id === mark.run) : undefined;
    const readers = new Set([...uses].map(({ node }) => this.#standing.get(node)));
    return readers.size === 1 ? [...readers][0] : undefined;
  }

  #renamingOf(run: ShortRun): Renaming {
    const renaming = this.#renamings.get(run) ?? new Renaming(run.names, run.neighbours);
    this.#renamings.set(run, renaming);
    return renaming;
  }
}

/** Of a node without a name, its first output's: it is in its label. */
export const nameOf = (about: Node | Value): string =>
  ('opType' in about && !about.name && about.outputs.find((value) => value)?.name) || about.name;
