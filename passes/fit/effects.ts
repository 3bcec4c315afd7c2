/**
 * What weights in fewer bits do to the outputs: measured by running the model with one weight after another in each form. Where that takes too long, equal
 * weights of a repeated block are in one run, and forms of other bits are scaled from those that were measured; the largest weights come first.
 */
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import type { Target } from '../../src/ir/targets/targets.js';
import { findBlocks } from '../../src/region/blocks/index.js';
import type { OutputError, Trials } from '../../src/run/trials.js';
import { assigned } from './assign.js';
import { noiseOf } from './bounded.js';
import { bitsOf, type FitForm, isDynamic, type PricedWeight } from './form.js';

/** Forms that do the same to the outputs, but for its size. */
interface FormKind {
  readonly bits: number;
  readonly isDynamic?: boolean;
}

/** A run with some weights in fewer bits. */
export interface FormRun extends FormKind {
  /** The numbers of weights, and of the form of each. */
  readonly weights: readonly number[];
  readonly forms: readonly number[];
  /** For each output on each set of inputs: the square of the noise, and its direction, as long as the noise. */
  readonly outputs: readonly { readonly square: number; readonly direction: readonly number[] }[];
}

export interface Effects {
  readonly probes: readonly FormRun[];
  /** How many of the groups were measured in some form. */
  readonly measured: number;
  readonly groups: number;
}

/** Equal weights of a repeated block: each group by the numbers of its weights. */
export function groupsOf(model: Model, weights: readonly PricedWeight[]): number[][] {
  const places = new Map<Node, string>();
  findBlocks(model.graph).forEach(({ instances }, block) => {
    for (const { nodes } of instances) for (const [at, node] of nodes.entries()) places.set(node, `${block} ${at}`);
  });
  const groups = new Map<string, number[]>();
  weights.forEach(({ site: { main } }, i) => {
    const place = places.get(main.node);
    const key = place === undefined ? `alone ${i}` : `${place} ${main.slot}`;
    groups.set(key, [...(groups.get(key) ?? []), i]);
  });
  return [...groups.values()];
}

/** The forms that are measured, in this order: what is stored first, as the same of it is measured where nothing else may be had. */
const STORED: readonly FormKind[] = [8, 4, 16].map((bits) => ({ bits }));
const KINDS: readonly FormKind[] = [...STORED, { bits: 8, isDynamic: true }];
/** The share of the time for verifying that this may take. */
const SHARE = 0.25;

/** The last form of a kind; 0 for a weight that has none. */
const formIn = ({ forms }: PricedWeight, kind: FormKind): number =>
  forms.reduce((best, { form }, at) => (at > 0 && isOf(form, kind) ? at : best), 0);

const isOf = (form: FitForm | undefined, { bits, isDynamic: computes = false }: FormKind): boolean =>
  bitsOf(form) === bits && isDynamic(form) === computes;

/** Measures what the trials have time for. */
export async function effectsOf(
  model: Model,
  weights: readonly PricedWeight[],
  trials: Trials | undefined,
  target: Target,
): Promise<Effects> {
  const runs = (await trials?.runsIn(model, SHARE)) ?? 0;
  const isEach = STORED.length * weights.length <= runs;
  const groups = isEach ? weights.map((_, i) => [i]) : groupsOf(model, weights);
  const bytesOf = (group: readonly number[]) => group.reduce((sum, i) => sum + (weights[i]?.forms[0]?.bytes ?? 0), 0);
  groups.sort((a, b) => bytesOf(b) - bytesOf(a));
  const planned = KINDS.flatMap((kind) => groups.flatMap((group) => plannedFor(group, kind, weights))).slice(0, runs);
  const probes: FormRun[] = [];
  for (const probe of planned) {
    trials?.told(probes.length, planned.length);
    const forms = probe.weights.flatMap((i, at) => {
      const { site, forms: all } = weights[i] as PricedWeight;
      const form = all[probe.forms[at] as number]?.form;
      return form ? [[site.value, form] as const] : [];
    });
    const errors = await trials?.errorsOf(model, assigned(model, new Map(forms), target));
    if (!errors) break;
    probes.push({ ...probe, outputs: errors.map(noiseIn) });
  }
  const known = new Set(probes.flatMap((probe) => probe.weights));
  return { probes, measured: groups.filter((group) => group.some((i) => known.has(i))).length, groups: groups.length };
}

/** One run, of those weights of a group that have a form of the kind. */
function plannedFor(
  group: readonly number[],
  kind: FormKind,
  weights: readonly PricedWeight[],
): Omit<FormRun, 'outputs'>[] {
  const formOf = (i: number): number => formIn(weights[i] as PricedWeight, kind);
  const having = group.filter((i) => formOf(i) > 0);
  return having.length ? [{ ...kind, weights: having, forms: having.map(formOf) }] : [];
}

/** The noise of an output, as long as what is seen of it says. */
export function noiseIn(output: OutputError | undefined): FormRun['outputs'][number] {
  if (!output) return { square: 0, direction: [] };
  const noise = noiseOf(output.error);
  const factor = output.error > 0 ? noise / output.error : 0;
  return { square: noise ** 2, direction: Array.from(output.direction, (x) => factor * x) };
}

/** The squares of noise that each form of each weight brings, by output and set: what was not measured is in proportion, or as bad as others on average. */
export function squaresOf(weights: readonly PricedWeight[], { probes }: Effects): (readonly number[])[][] {
  // Weights that no input reaches (another branch) change nothing here, which says nothing of other inputs.
  const telling = probes.filter(({ outputs }) => outputs.some(({ square }) => square > 0));
  const byWeight = weights.map((_, i) => telling.filter((probe) => probe.weights.includes(i)));
  const rates = new Map(telling.map((probe) => [probe, ratesOf(weights, probe)]));
  const stored = telling.flatMap((probe) => (probe.isDynamic ? [] : [rates.get(probe) as number[]]));
  const usual = stored[0]?.map(
    (_, key) => stored.reduce((sum, rate) => sum + (rate[key] as number), 0) / stored.length,
  ) ?? [1];
  return weights.map(({ forms }, i) =>
    forms.map(({ form, error }) => {
      const distance = ({ bits }: FormRun): number => Math.abs(Math.log2(bits / bitsOf(form)));
      const alike = byWeight[i]?.filter((probe) => !probe.isDynamic || isDynamic(form)) ?? [];
      const nearest = alike.toSorted(
        (a, b) => Number(b.isDynamic ?? false) - Number(a.isDynamic ?? false) || distance(a) - distance(b),
      )[0];
      return ((nearest && rates.get(nearest)) ?? usual).map((rate) => rate * error ** 2);
    }),
  );
}

/** The squares of a probe for a change of 1 of its weights. */
function ratesOf(weights: readonly PricedWeight[], { weights: own, forms, outputs }: FormRun): number[] {
  const change = own.reduce((sum, i, at) => sum + (weights[i]?.forms[forms[at] as number]?.error ?? 0) ** 2, 0);
  return outputs.map(({ square }) => (change > 0 ? square / change : 0));
}
