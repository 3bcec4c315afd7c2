/**
 * Measures how much the outputs change when weights do: runs the model with one group of weights in fewer bits, group after
 * group. Equal weights of a repeated block are one group, and the largest groups come first. Errors of independent roundings
 * add up as squares.
 */
import { maxOf } from '../../src/ir/collections/lists.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import type { Target } from '../../src/ir/targets/targets.js';
import { findBlocks } from '../../src/region/blocks/index.js';
import type { Trials } from '../../src/run/trials.js';
import { assigned } from './assign.js';
import type { FormPrice, PricedWeight } from './form.js';

/** Error at the outputs over the change of the weight, by weight. */
export type Sensitivities = readonly number[];

/** A relative change that shows above the noise of float32 sums, and is small enough to be linear. */
const PROBE = 1e-3;

/** Groups of weights, as lists of their numbers, the group of most bytes first. */
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
  const bytesOf = (group: readonly number[]) => group.reduce((sum, i) => sum + (weights[i]?.forms[0]?.bytes ?? 0), 0);
  return [...groups.values()].sort((a, b) => bytesOf(b) - bytesOf(a));
}

/** The form for a probe: the one of least change that still shows. */
const probeOf = ({ forms }: PricedWeight): FormPrice =>
  forms
    .slice(1)
    .toSorted((a, b) => a.error - b.error)
    .find(({ error }) => error >= PROBE) ?? (forms.at(-1) as FormPrice);

/** Measures as many groups as the trials have time for; `measured` counts them. Other groups count as the worst measured one, or as 1. */
export async function sensitivitiesOf(
  model: Model,
  weights: readonly PricedWeight[],
  trials: Trials | undefined,
  target: Target,
): Promise<{ readonly sensitivities: Sensitivities; readonly measured: number; readonly groups: number }> {
  const groups = groupsOf(model, weights);
  const found = new Map<number, number>();
  let measured = 0;
  for (const group of trials ? groups : []) {
    if (!trials?.isTime('the sensitivity of some weights')) break;
    trials.told(measured, groups.length);
    const probes = group.map((i) => [i, probeOf(weights[i] as PricedWeight)] as const);
    const chosen = probes.flatMap(([i, { form }]) =>
      form ? [[(weights[i] as PricedWeight).site.value, form] as const] : [],
    );
    const error = await trials.errorOf(model, assigned(model, new Map(chosen), target));
    if (error === undefined) break;
    const change = Math.sqrt(probes.reduce((sum, [, one]) => sum + one.error ** 2, 0));
    for (const i of group) found.set(i, change > 0 ? error / change : 0);
    measured++;
  }
  const worst = found.size ? maxOf(found.values()) : 1;
  return { sensitivities: weights.map((_, i) => found.get(i) ?? worst), measured, groups: groups.length };
}
