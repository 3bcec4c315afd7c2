/**
 * Tuning: each variant of a pass is raced against leaving the pass out, on one instance of every repeated block, or on the model where
 * nothing repeats. What is slower on a block is left out in all its instances.
 *
 * Equal instances are raced once, whichever attempt or pass asks: the cost does not grow with the number of repeats.
 */

import { inferTypes } from '../../infer/index.js';
import { append } from '../../ir/collections/lists.js';
import type { Graph } from '../../ir/graph.js';
import type { Model } from '../../ir/model.js';
import type { Node } from '../../ir/node.js';
import { cloneModel } from '../../ir/whole-model/clone.js';
import { sweep } from '../../ir/whole-model/sweep.js';
import { type Block, findBlocks } from '../../region/blocks/index.js';
import { type Difference, differenceOf } from '../../region/difference.js';
import { runWithWeights } from '../../region/functions/handed-in.js';
import { Regions } from '../../region/regions.js';
import { type PassEnvironment, passContext } from '../context.js';
import type { Pass } from '../pass.js';
import { type BlockDecision, type EditFilter, editFilterFor } from './edit-filter.js';
import { instanceModel, wholeModel } from './instance.js';
import { structureOf } from './structure.js';
import { keptOf, type RaceOutcome, type Speed, type Stopwatch, type Trial, whyLeftOut } from './trial.js';

/** One variant on one block, as the report holds it. */
export interface TuningResult {
  readonly block: string;
  readonly instances: number;
  /** Of one instance. */
  readonly nodes: number;
  readonly variant: string;
  readonly kept: boolean;
  readonly speed?: Speed;
  /** Why it was not raced, or not to the end. */
  readonly reason?: string;
}

/** The state that a plan is made from. */
interface TuningState {
  readonly regions: Regions;
  /** Keys of rewrites that running them has refuted. */
  readonly refuted: ReadonlyMap<string, unknown>;
  /** Called before each race, with what is raced. */
  onRace(about: string): void;
}

/** One turn for each variant that is kept anywhere. The variant that was asked for is first, and takes all other nodes. */
export interface TuningPlan {
  readonly turns: readonly { readonly options: unknown; readonly filter: EditFilter }[];
  readonly results: readonly TuningResult[];
}

/** Blocks of fewer nodes are not raced. */
const LEAST = 5;

/** The forms of a pass that are raced, what was asked for first; none where its purpose on the target is not speed. */
export function variantsOf(
  { definition, options }: Pass,
  { target }: Pick<PassEnvironment, 'target'>,
): readonly unknown[] {
  const others = definition.variants?.(options, target);
  return others ? [options, ...others] : [];
}

export class Tuning {
  readonly #known = new Map<string, RaceOutcome>();

  constructor(
    readonly watch: Stopwatch,
    readonly environment: PassEnvironment,
  ) {}

  /**
   * Decides where each variant runs; undefined for a pass that is not tuned. A difference where a block would be raced without most of
   * the repeats in it. Edits nothing but types.
   */
  async plan(model: Model, pass: Pass, during: TuningState): Promise<TuningPlan | Difference | undefined> {
    const variants = variantsOf(pass, this.environment);
    if (variants.length === 0) return undefined;
    inferTypes(model);
    const blocks = findBlocks(model.graph);
    const raced = blocks.flatMap(({ instances }) => instances.map(({ nodes }) => nodes));
    if (during.regions.areInside(blocks.length > 0 ? raced : [model.graph.nodeSet], model))
      return differenceOf('what is measured has them inside');
    const decided = new Map<Node | Graph, BlockDecision>();
    const results: TuningResult[] = [];
    const repeated = new Set(raced.flat());
    const isRepeated = (node: Node): boolean => repeated.has(node);
    const subjects: RaceSubject[] = blocks.map((block) => ({
      name: block.name,
      instances: block.instances.reduce((sum, { nodes }) => sum + during.regions.timesOf(nodes[0] as Node), 0),
      nodes: block.instances.flatMap(({ nodes }) => nodes),
      size: sizeOf(middleOf(block).nodes),
      part: () => instanceModel(model, middleOf(block), isRepeated),
    }));
    if (blocks.length === 0) {
      const nodes = [...model.graphs()].flatMap((graph) => [...graph.nodeSet]);
      subjects.push({ name: 'model', instances: 1, nodes, size: nodes.length, part: () => wholeModel(model) });
    }
    let isRaced = false;
    for (const subject of subjects) {
      const { decision, rows } = await this.#decide(model, subject, pass, variants, during);
      append(results, rows);
      isRaced ||= rows.length > 0 && decision !== undefined;
      for (const node of decision ? subject.nodes : []) {
        decided.set(node, decision as BlockDecision);
        const fn = model.functionOf(node);
        if (fn) decided.set(fn.graph, decision as BlockDecision);
      }
    }
    // What gains nothing where most of the time is spent is not worth its price in accuracy elsewhere.
    const isWorth =
      !isRaced || pass.definition.fidelity === 'exact' || results.some(({ kept, speed }) => kept && speed);
    const { name } = pass.definition;
    const rest: BlockDecision = isWorth
      ? { kept: 0 }
      : { kept: undefined, reason: `${name} is left out of every block that was measured` };
    const used = new Set([0, ...[...decided.values()].map(({ kept }) => kept ?? 0)]);
    const turns = variants.flatMap((options, variant) =>
      used.has(variant) ? [{ options, filter: editFilterFor(variant, variantText(pass, options), decided, rest) }] : [],
    );
    return { turns, results: results.map((row) => (row.speed || isWorth ? row : { ...row, kept: false })) };
  }

  /** Undefined where nothing could be raced. */
  async #decide(
    whole: Model,
    { name, instances, size, part }: RaceSubject,
    pass: Pass,
    variants: readonly unknown[],
    { refuted, onRace }: TuningState,
  ): Promise<{ decision: BlockDecision | undefined; rows: TuningResult[] }> {
    const without = part();
    const row = (variant: number, kept: boolean): TuningResult => ({
      block: name,
      instances,
      nodes: size,
      variant: variantText(pass, variants[variant]),
      kept,
    });
    const unraced = (reason: string) => ({
      decision: undefined,
      rows: [{ ...row(0, true), reason: `not measured, ${reason}` }],
    });
    if (typeof without === 'string') return unraced(without);
    inferTypes(without);
    const structure = structureOf(without);
    const forms = new Set([structure]);
    const trials: Trial[] = [];
    for (const [variant, options] of variants.entries()) {
      const changed = await this.#changed(without, pass, options, refuted);
      const form = structureOf(changed);
      if (forms.has(form)) continue;
      forms.add(form);
      if (size < LEAST) return unraced(`it has fewer than ${LEAST} nodes`);
      const key = `${structure}\n⟶\n${form}`;
      if (!this.#known.has(key)) {
        onRace(`${variantText(pass, options)} on ${name} (1 of ${instances})`);
        this.#known.set(key, await this.watch.race(without, changed, whole));
      }
      trials.push({ variant, outcome: this.#known.get(key) as RaceOutcome });
    }
    const kept = keptOf(trials, pass.definition.fidelity !== 'exact', pass.definition.saves);
    const rows = trials.map(({ variant, outcome }): TuningResult => {
      if (outcome.kind !== 'timed') return { ...row(variant, variant === kept), reason: outcome.reason };
      const { kind: _, ms: __, ...speed } = outcome;
      return { ...row(variant, variant === kept), speed };
    });
    if (trials.length > 0 && trials.every(({ outcome }) => outcome.kind === 'unknown'))
      return { decision: undefined, rows };
    if (kept !== undefined) return { decision: { kept }, rows };
    // Only what was raced is left out.
    const { outcome } = trials.find(({ variant }) => variant === 0) as Trial;
    return { decision: { kept, reason: `${pass.definition.name} ${whyLeftOut(outcome, instances)}` }, rows };
  }

  /** Runs the pass on a copy of a cut-out. */
  async #changed(
    part: Model,
    { definition }: Pass,
    options: unknown,
    refuted: ReadonlyMap<string, unknown>,
  ): Promise<Model> {
    const apart = new Set<string>();
    for (;;) {
      const changed = cloneModel(part);
      inferTypes(changed);
      const cutsOut = refuted.size > 0;
      const { context } = passContext(this.environment, { refuted, cutsOut, regions: new Regions() });
      const run = async () => definition.run(changed, options, context);
      if (!(await runWithWeights(definition, changed, apart, run))) continue;
      sweep(changed);
      return changed;
    }
  }
}

/** A part of the model that variants are raced on. */
interface RaceSubject {
  readonly name: string;
  readonly instances: number;
  /** Of all instances. */
  readonly nodes: readonly Node[];
  /** Nodes of one. */
  readonly size: number;
  part(): Model | string;
}

/** Nodes, those of called functions included. */
const sizeOf = (nodes: readonly Node[]): number =>
  nodes.reduce((sum, node) => sum + (node.graph.model.functionOf(node)?.graph.nodeSet.size ?? 1), 0);

/** First and last repeats are odd at times; the one that stands for many in a shortened model is the third of four. */
const middleOf = ({ instances }: Block) => instances[instances.length >> 1] as Block['instances'][0];

/** The pass with the options in which a variant differs from what was asked for: `fuse-attn:op=Attention`. */
function variantText({ definition, options }: Pass, variant: unknown): string {
  const [own, its] = [options, variant] as Readonly<Record<string, unknown>>[];
  const other = Object.entries(its ?? {}).filter(([name, value]) => String(value) !== String(own?.[name]));
  return [definition.name, ...other.map(([name, value]) => `${name}=${value}`)].join(':');
}
