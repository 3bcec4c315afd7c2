/** The context of a running pass; it collects the notes, skips and rewrites of the pass. */

import { inferNode } from '../infer/node.js';
import { append, maxOf } from '../ir/collections/lists.js';
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import { outermost } from '../ir/scopes/scopes.js';
import { callOf, type KernelCall } from '../ir/targets/kernel-call.js';
import type { PlacedNode } from '../ir/targets/placed-node.js';
import type { Architecture, Target } from '../ir/targets/targets.js';
import { Divergence } from '../ir/tensors/bank.js';
import type { Tensor } from '../ir/tensors/tensor.js';
import type { DataType } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { summarize } from '../ir/whole-model/summary.js';
import type { Rewrite, SiteReport } from '../match/rule.js';
import { nameOf, Regions } from '../region/regions.js';
import type { ActivationRequest, ActivationStatistics, SetShare } from './activations.js';
import type { PassContext, PassDefinition } from './pass.js';
import type { TargetCpu } from './target-cpu.js';
import type { Trials } from './trials.js';
import type { EditFilter } from './tune/edit-filter.js';
import { type CutOut, cutOut } from './verify/cut-out.js';

/** Services of the runtime for passes; a browser has none of them. */
export interface PassEnvironment {
  readonly target: Target;
  readonly architecture?: Architecture | undefined;
  hasKernel(opType: string, domain: string, opset: number, elem: DataType, made?: DataType): boolean;
  /** Absent where no target is known by tables. */
  placed?(model: Model): Iterable<PlacedNode>;
  unfit(call: KernelCall): string | undefined;
  readonly evaluate: ((model: Model) => Promise<Tensor[]>) | undefined;
  /** Measures values of a model on the user's inputs; the reason, in words, where it cannot be run. Absent without inputs. */
  readonly activations?: MeasureModel;
  /** The number of the user's sets of inputs. */
  readonly inputSets?: number;
  /** The same on made-up inputs. Absent where there are given ones. */
  readonly simulated?: MeasureModel;
  /** Bytes of the file that a model would be written to. */
  readonly fileBytes?: (model: Model) => number;
  /** The CPUs that the result is meant for; undefined for all. */
  readonly targetCpu?: readonly TargetCpu[];
  /** Ends the work between two steps: the promise rejects with its reason. */
  readonly signal?: AbortSignal;
}

type MeasureModel = (
  model: Model,
  requests: readonly ActivationRequest[],
  share?: SetShare,
) => Promise<Measured | string>;

export type Measured = ReadonlyMap<Value, ActivationStatistics>;

export interface Note {
  readonly text: string;
  /** The node or value it is about. */
  readonly at?: string;
}

/** Places left as they are for one reason. */
export interface Skip {
  readonly reason: string;
  readonly count: number;
  /** Nodes and values by name, in the order the pass met them. */
  readonly places: readonly string[];
}

/** Inside a local function, which one. */
function placeOf(about: Node | Value): string {
  const text = 'opType' in about ? about.label : about.name;
  const graph = outermost(about.graph);
  return graph.isInFunction ? `${text} in function ${graph.name}` : text;
}

/** The places of a node or value: one for each repeat that it stands for. */
export type PlacesOf = (about: Node | Value) => readonly string[];

export function placesIn(regions: Regions): PlacesOf {
  return (about) => {
    // A value without a name is told apart by its reader.
    const named = 'opType' in about || about.name ? about : (about.users[0] ?? about);
    return toldIn(regions, named, placeOf(named)).map(({ text }) => text);
  };
}

/** What is said of a node or value, once for each repeat that it stands for, with the names of all it is about as they are there. */
export function toldIn(
  regions: Regions,
  about: Node | Value,
  text: string,
  others: readonly (Node | Value)[] = [],
): readonly { text: string; at: string }[] {
  const names = regions.namesAt(about);
  if (names.length === 1) return [{ text, at: names[0] as string }];
  // The longest first: a node's name is often the beginning of its output's.
  const all = [about, ...others].map((one) => ({ own: nameOf(one), names: regions.namesAt(one) }));
  all.sort((a, b) => b.own.length - a.own.length);
  return names.map((at, index) => ({
    text: all.reduce((said, { own, names }) => said.replaceAll(own, () => names[index] ?? own), text),
    at,
  }));
}

const REFUTED = 'an equal rewrite was refuted by running it';

/** Tells why a kernel of the target cannot run the rewrite; undefined where all can. Infers types of the nodes that it adds. */
function unfitIn({ old, by, operands }: Rewrite, { unfit }: PassEnvironment): string | undefined {
  const last = maxOf(old.map(({ producer, sequence }) => producer?.sequence ?? sequence));
  const seen = new Set<Value>(operands);
  const check = (value: Value): string | undefined => {
    const { producer } = value;
    // What stood there before is as it was.
    if (seen.has(value) || !producer || producer.sequence <= last) return undefined;
    seen.add(value);
    for (const input of producer.inputs) {
      const reason = input && check(input);
      if (reason) return reason;
    }
    if (!value.type) inferNode(producer);
    return unfit(callOf(producer));
  };
  for (const value of by) {
    const reason = check(value);
    if (reason) return reason;
  }
  return undefined;
}

/** The rewrites of a pass, cut out while both sides stand in the graph. */
export interface RewriteRecord {
  /** By key: equal rewrites are one. */
  readonly cuts: Map<string, CutOut>;
  /** How many rewrites there were, those of repeats that are stood for included, and the reasons why some could not be cut out. */
  count: number;
  readonly uncut: string[];
}

export interface ContextOptions {
  /** Keys of rewrites that running them has refuted. */
  readonly refuted: ReadonlyMap<string, unknown>;
  /** False where nothing is going to be run: then nothing is cut out. */
  readonly cutsOut: boolean;
  /** The repeats that are compiled once. */
  readonly regions: Regions;
  /** What the pass declares that it needs. */
  readonly needs?: PassDefinition['needs'];
  /** Runs copies of the model for the pass. */
  readonly trials?: Trials | undefined;
}

/** The context of a pass, and what the pass records in it: notes, skips, sites and rewrites. */
export interface PassRecord {
  readonly context: PassContext;
  readonly notes: Note[];
  skips(): Skip[];
  readonly sites: SiteReport[];
  readonly rewrites: RewriteRecord;
  /** The revisions of the model that building replacements took which were then refused. */
  undone(): number;
  /** Sets the filter of the edits and notes that follow. */
  filterEdits(filter: EditFilter | undefined): void;
}

/** A context for one attempt at a pass, with an empty record. */
export function passContext(
  environment: PassEnvironment,
  { refuted, cutsOut, regions, needs = [], trials }: ContextOptions = {
    refuted: new Map(),
    cutsOut: false,
    regions: new Regions(),
  },
): PassRecord {
  const notes: Note[] = [];
  const sites: SiteReport[] = [];
  const placesOf = placesIn(regions);
  const rewrites: RewriteRecord = { cuts: new Map(), count: 0, uncut: [] };
  let key: string | undefined;
  const isRefuted = (rewrite: Rewrite): boolean => {
    key = undefined;
    if (!cutsOut) return false;
    const cut = cutOut(rewrite);
    if (typeof cut !== 'string' && refuted.has(cut.key)) return true;
    key = typeof cut === 'string' ? undefined : cut.key;
    const times = regions.timesOf(rewrite.old[0] as Value);
    rewrites.count += times;
    if (typeof cut === 'string') append(rewrites.uncut, new Array<string>(times).fill(cut));
    else rewrites.cuts.set(cut.key, cut);
    return false;
  };
  const measuring = (need: 'activations' | 'simulated'): PassContext['activations'] => {
    const measure = environment[need];
    if (!needs.includes(need) || !measure) return undefined;
    return async (requests, share) => {
      // Each repeat has its own.
      if (regions.isShortened) throw new Divergence(undefined, 'each has activations of its own');
      const model = requests[0]?.value.graph.model;
      const found = model && (await measure(model, requests, share));
      if (typeof found !== 'string') return found ?? new Map();
      context.note(`activations were not measured: ${found}`);
      return new Map();
    };
  };
  let undone = 0;
  let filter: EditFilter | undefined;
  const reasons = new Map<string, { count: number; places: string[] }>();
  const context: PassContext = {
    target: environment.target,
    architecture: environment.architecture,
    hasKernel: environment.hasKernel,
    unfit: environment.unfit,
    placed: (model) => environment.placed?.(model) ?? [],
    evaluate: environment.evaluate,
    activations: measuring('activations'),
    inputSets: environment.inputSets ?? 0,
    simulated: measuring('simulated'),
    targetCpu: environment.targetCpu,
    trials,
    fileBytes: (model) => {
      const whole = regions.wholeTrial(model);
      return environment.fileBytes?.(whole) ?? summarize(whole).bytes;
    },
    site: (site) => {
      if (filter?.isTold(site.at) === false) return;
      sites.push(site);
      if (!site.isFused && site.miss) context.skip(site.miss.reason, site.miss.at);
    },
    replace: (rewrite) => {
      const reason = unfitIn(rewrite, environment) ?? (isRefuted(rewrite) ? REFUTED : undefined);
      const { old, by, since, rule, operands } = rewrite;
      const { trail } = (old[0] as Value).graph.model;
      if (reason !== undefined) {
        const { revision } = (old[0] as Value).graph.model;
        undone += revision - (since ?? revision);
        return reason;
      }
      const edit = () =>
        old.forEach((value, i) => {
          regions.follow(value, by[i] as Value);
          value.graph.replaceUses(value, by[i] as Value);
        });
      if (trail) trail.rewriting(rule, key, operands, edit);
      else edit();
      return undefined;
    },
    note: (said, about) => {
      const text = filter?.variant ? `${filter.variant}: ${said}` : said;
      append(notes, about ? placesOf(about).map((at) => ({ text, at })) : [{ text }]);
    },
    leaves: (node) => filter?.leaves(node),
    timesOf: (about) => regions.timesOf(about),
    skip: (reason, about) => {
      if (filter && (about ? !filter.isTold(about) : filter.variant !== '')) return;
      const group = reasons.get(reason) ?? { count: 0, places: [] };
      const places = about ? placesOf(about) : [];
      group.count += Math.max(1, places.length);
      append(group.places, places);
      reasons.set(reason, group);
    },
  };
  const skips = () => [...reasons].map(([reason, group]) => ({ reason, ...group })).sort((a, b) => b.count - a.count);
  const filterEdits = (next: EditFilter | undefined) => {
    filter = next;
  };
  return { context, notes, skips, sites, rewrites, undone: () => undone, filterEdits };
}
