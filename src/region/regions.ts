/**
 * The repeats of a model that are compiled once: shortened where the pipeline meets `regional`, stamped out at its end.
 *
 * Passes see a plain graph with fewer repeats, and never know. Where one of them needs an answer that is not the same for
 * all repeats, or leaves stand-ins that are not alike, the pipeline goes back to where it was and the repeats in question
 * are told apart, or compiled each by itself.
 */

import { inferTypes } from '../infer/index.js';
import { Divergence, MIXED, markOf } from '../ir/bank.js';
import { cloneModel } from '../ir/clone.js';
import type { Model } from '../ir/model.js';
import { named } from '../ir/named.js';
import type { Node } from '../ir/node.js';
import { type ModelSummary, summarize } from '../ir/summary.js';
import type { Tensor } from '../ir/tensor.js';
import type { Value } from '../ir/value.js';
import { Renaming } from './names.js';
import { planOf, type Run } from './plan.js';
import { type Rewind, rewindFor } from './rewind.js';
import { type ShortRun, THIRD } from './short-run.js';
import { type Cut, cutOf, shorten } from './shorten.js';
import { resolve, stamp } from './stamp.js';
import { standingFor } from './stand-ins.js';
import { isSteady } from './steady.js';

/** What a report is told. */
interface Voice {
  note(text: string): void;
  skip(reason: string, about?: Node | Value): void;
}

/** After so many attempts all repeats are compiled. */
const ATTEMPTS = 4;

export class Regions {
  #runs: ShortRun[] = [];
  #attempts = 0;
  /** What segments answered, by chain and segment: which question, and what. */
  readonly #answers = new Map<string, Map<number, string>>();
  /** Chains that are compiled whole, and why. */
  readonly #refused = new Map<string, string>();
  /** Why nothing is shortened. */
  #whole: string | undefined;
  /** Nodes that stood in the model when a pass began; the others are its own. */
  #known = new Set<Node>();
  #standing = new Map<Node, ShortRun>();
  readonly #renamings = new WeakMap<ShortRun, Renaming>();
  readonly #views = new WeakMap<Model, { readonly revision: number; readonly view: Model }>();

  get isShortened(): boolean {
    return this.#runs.length > 0;
  }

  /**
   * A copy with every chain of repeats shortened that is long enough, and says so; undefined where there is none. Of a model
   * without inferred types the copy is typed, and undefined where that does not tell the types of what was left out.
   */
  shorten(model: Model, isTyped: boolean, voice: Voice): Model | undefined {
    if (this.isShortened) return undefined;
    if (this.#whole !== undefined) {
      voice.skip(this.#whole);
      return undefined;
    }
    const { runs, refusals } = planOf(model, isTyped, (chain, a, b) => this.#isApart(chain, a, b));
    const cuts: { of: Run; cut: Cut }[] = [];
    const refused: { reason: string; at: Node | undefined }[] = [...refusals];
    for (const run of runs) {
      const id = `${this.#attempts}.${run.chain}.${run.first}`;
      const cut = this.#refused.get(run.chain) ?? cutOf(model.graph, run, id);
      if (typeof cut === 'string') refused.push({ reason: cut, at: run.lists[run.first]?.[0] });
      else cuts.push({ of: run, cut });
    }
    if (!isTyped && (refused.length > 0 || cuts.length === 0)) return undefined;
    const copies = new Map<Value, Value>();
    const copy = cuts.length > 0 ? shorten(model, cuts, copies) : undefined;
    if (copy && !isTyped && !cuts.every(({ of }) => isSteady(of, inferTypes(copy), copies))) return undefined;
    this.#runs = cuts.map(({ cut }) => cut.run);
    for (const { of, cut } of cuts) voice.note(noteOf(of, cut.run));
    for (const { reason, at } of refused) voice.skip(`its repeats are compiled each by itself: ${reason}`, at);
    return copy;
  }

  /** From here on every repeat is compiled by itself. */
  compileWhole(reason: string): void {
    this.#whole = reason;
  }

  #isApart(chain: string, a: number, b: number): boolean {
    const [x, y] = [a, b].map((segment) => this.#answers.get(`${chain} ${segment}`));
    return [...(x ?? [])].some(([question, answer]) => (y?.get(question) ?? answer) !== answer);
  }

  /** Stamps out all repeats. A rewind where the passes did not do the same to all of a chain. */
  stampOut(model: Model): Rewind | undefined {
    for (const run of this.#runs) {
      const reason = stamp(model, run);
      if (reason !== undefined) return rewindFor({ chain: run.chain, reason });
    }
    this.#runs = [];
    return undefined;
  }

  /** Takes up how repeats differ. All runs are then forgotten. */
  learn({ difference }: Rewind): void {
    if (difference instanceof Divergence) this.#tellApart(difference);
    else this.#refused.set(difference.chain, difference.reason);
    this.#attempts++;
    if (this.#attempts >= ATTEMPTS)
      for (const { chain } of this.#runs) this.#refused.set(chain, 'they differ in too many ways');
    this.#runs = [];
  }

  #tellApart({ mark, answers, message }: Divergence): void {
    const run = this.#runs.find(({ id }) => id === mark.run);
    if (!run) return;
    if (!answers) this.#refused.set(run.chain, message);
    run.members.forEach((segment, index) => {
      const key = `${run.chain} ${segment}`;
      const known = this.#answers.get(key) ?? new Map<number, string>();
      this.#answers.set(key, known.set(this.#attempts, answers?.[index] ?? ''));
    });
  }

  /** Takes note of what nodes stand for, before a pass edits the model. */
  enter(model: Model): void {
    this.#known = this.isShortened ? new Set(model.graph.nodeSet) : new Set();
    this.#standing = new Map(this.#runs.flatMap((run) => standingFor(model, run).map((node) => [node, run] as const)));
  }

  /** What a node or value is called in each repeat that it stands for, in order; its own name where it is one alone. */
  namesAt(about: Node | Value): readonly string[] {
    const name = nameOf(about);
    const run = this.#runOf(about, name);
    if (run) return run.members.map((_, index) => this.#renamingOf(run).of(name, index));
    // What was the third's and is behind it now is the last member's.
    const before = this.#runs.find(({ parts }) => parts.has(name));
    return [before ? (before.names.at(-1)?.[before.parts.get(name) as number] ?? name) : name];
  }

  /** For how many nodes or values of the model it stands. */
  timesOf(about: Node | Value): number {
    if ('tensor' in about && this.#standInOfAnchor(about) > 0) return this.#standInOfAnchor(about) > 1 ? 0 : 1;
    return this.#runOf(about, nameOf(about))?.members.length ?? 1;
  }

  /** What comes in the place of something stands for what that stood for. */
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
    // What a pass made itself.
    return this.#runs.find(({ parts }) => parts.has(name));
  }

  /** A constant is there for each member if its numbers are, or if only they read it. */
  #runOfConstant({ tensor, uses }: Value): ShortRun | undefined {
    const mark = tensor && markOf(tensor);
    if (mark) return mark.standIn === THIRD ? this.#runs.find(({ id }) => id === mark.run) : undefined;
    const readers = new Set([...uses].map(({ node }) => this.#standing.get(node)));
    return readers.size === 1 ? [...readers][0] : undefined;
  }

  /** Of a constant that all repeats share, and each stand-in has meanwhile: whose it is; else 0. */
  #standInOfAnchor({ tensor }: Value): number {
    const { run, standIn, slot } = (tensor && markOf(tensor)) ?? {};
    return slot !== MIXED && this.#runs.find(({ id }) => id === run)?.anchor ? (standIn as number) : 0;
  }

  #renamingOf(run: ShortRun): Renaming {
    const renaming = this.#renamings.get(run) ?? new Renaming(run.names, run.neighbours);
    this.#renamings.set(run, renaming);
    return renaming;
  }

  /** A shortened model as it can be run: each stand-in with the weights of its first instance. Other models as they are. */
  runnable(model: Model): Model {
    if (!this.isShortened) return model;
    const known = this.#views.get(model);
    if (known?.revision === model.revision) return known.view;
    const view = cloneModel(model);
    for (const run of this.#runs) resolve(view, run);
    this.#views.set(model, { revision: model.revision, view });
    return view;
  }

  /** The model in numbers, each stand-in as often as it stands for a repeat. */
  summarize(model: Model): ModelSummary {
    const summary = summarize(model);
    if (!this.isShortened) return summary;
    const [ops, bytesByType] = [named(Object.entries(summary.ops)), named(Object.entries(summary.bytesByType))];
    let [nodes, bytes] = [summary.nodes, summary.bytes];
    const add = (counts: Record<string, number>, key: string, n: number) => {
      counts[key] = (counts[key] ?? 0) + n;
    };
    for (const run of this.#runs) {
      const more = run.members.length - 1;
      const standing = new Set(standingFor(model, run));
      for (const { domain, opType } of standing) {
        nodes += more;
        add(ops, domain ? `${domain}.${opType}` : opType, more);
      }
      const own = new Set([...standing].flatMap(({ inputs }) => inputs.filter((value) => value?.tensor)));
      for (const value of own) {
        const { tensor, uses } = value as Value;
        if (!tensor || [...uses].some(({ node }) => !standing.has(node))) continue;
        if (this.#standInOfAnchor(value as Value) > 0) continue;
        bytes += more * tensor.byteLength;
        add(bytesByType, tensor.type, more * tensor.byteLength);
      }
    }
    for (const value of model.graph.constants) {
      const { type, byteLength } = value.tensor as Tensor;
      if (this.#standInOfAnchor(value) < 2) continue;
      bytes -= byteLength;
      add(bytesByType, type, -byteLength);
    }
    return { ...summary, nodes, ops, bytes, bytesByType };
  }
}

/** Of a node without a name, its first output's: it is in its label. */
export const nameOf = (about: Node | Value): string =>
  ('opType' in about && !about.name && about.outputs.find((value) => value)?.name) || about.name;

function noteOf({ count, name, lists, first }: Run, { members }: ShortRun): string {
  const nodes = lists[first + 2]?.length ?? 0;
  return `${count} × ${name} (${nodes} nodes): one is compiled for ${members.length} of them, ${count - members.length} each by itself`;
}
