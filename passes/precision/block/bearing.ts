/**
 * Which weights that plain ops decode bear 4 bits, or the 8 that they get where 4 change them by too much: as many as the outputs allow, each measured by one run, those that save the most bytes for what they cost.
 *
 * Why this way: a convolutional model has few weights, and single ones move its outputs more than all others. Taking back what breaks the gate by halves needs dozens of
 * runs of the pass and mostly ends before it has told them apart.
 */
import { maxOf } from '../../../src/ir/collections/lists.js';
import type { Model } from '../../../src/ir/model.js';
import { elementCount, type Tensor } from '../../../src/ir/tensors/tensor.js';
import type { Value } from '../../../src/ir/value.js';
import type { PassContext } from '../../../src/run/pass.js';
import type { ErrorsWith, Trials } from '../../../src/run/trials.js';
import { noiseOf, seenOf } from '../../fit/bounded.js';
import { type FormRun, noiseIn } from '../../fit/effects.js';
import type { PricedWeight } from '../../fit/form.js';
import { Outlook } from '../../fit/outlook.js';
import { decodedTensor } from '../weights/decode.js';
import { type StorageForm, storedIn } from '../weights/forms.js';
import type { NarrowSite } from '../weights/narrow-site.js';
import { isRepeated, LARGEST } from '../weights/priced.js';
import type { WeightSite } from '../weights/sites.js';

/** The relative L2 of an output that all of them together may cost: two thirds of what the gate allows, so that something is left for the passes behind. */
const MOST_ERROR = 0.1;
/** The share of the time for verifying that this may take. */
const SHARE = 0.1;
/** Tries to come below the limit with all of them. */
const TRIES = 4;

interface Findings {
  /** What each costs alone. */
  readonly costs: ReadonlyMap<Tensor, number>;
  readonly bearing: ReadonlySet<Tensor>;
}

/** The reason of each weight that does not; empty where it cannot be measured, and then the gate decides. `formOf`: the form that a weight would get. */
export async function costlyIn4Bits(
  model: Model,
  sites: readonly WeightSite[],
  formOf: (site: WeightSite) => StorageForm | undefined,
  { trials }: PassContext,
): Promise<ReadonlyMap<Value, string>> {
  const bytes = sites.reduce((sum, { tensor }) => sum + 4 * elementCount(tensor.shape), 0);
  if (!trials || sites.length < 2 || bytes > LARGEST) return new Map();
  const key = 'what weights in 4 bits do to the outputs';
  const remembered = trials.memory.get(key) as Findings | undefined;
  const isKnown = sites.every(({ tensor }) => remembered?.costs.has(tensor));
  const findings = isKnown ? remembered : await measured(model, narrowest(sites, formOf), trials);
  if (!findings) return new Map();
  trials.memory.set(key, findings);
  return new Map(
    sites.flatMap(({ value, tensor }) => {
      const cost = findings.costs.get(tensor);
      if (cost === undefined || findings.bearing.has(tensor)) return [];
      // Costs are rounded to one digit, so that similar ones share a reason.
      const text = `fewer bits here would cost an error of ${Number(cost.toPrecision(1))}; int8:compute=false behind int4 stores it in 8 bits where these hold`;
      return [[value, text] as const];
    }),
  );
}

const narrowest = (sites: readonly WeightSite[], formOf: (site: WeightSite) => StorageForm | undefined): Bearer[] =>
  sites.flatMap((site): Bearer | [] => {
    const form = formOf(site);
    const stored = form && storedIn(site, form);
    return form && typeof stored === 'object' ? { site, stored, bits: form.type === 'int4' ? 4 : 8 } : [];
  });

/** A weight in the form that it is measured in. */
interface Bearer extends NarrowSite {
  readonly bits: 4 | 8;
}

async function measured(model: Model, sites: readonly Bearer[], trials: Trials): Promise<Findings | undefined> {
  if (sites.length < 2 || isRepeated(model, sites)) return undefined;
  const part = Math.min(1, (await trials.runsIn(model, SHARE)) / sites.length);
  if (part === 0) return undefined;
  const alternatives = sites.map(({ site, stored }) => ({
    value: site.value,
    tensor: decodedTensor(stored, site.tensor.shape),
  }));
  return trials.switched(model, alternatives, async (errorsWith) => {
    const probes: FormRun[] = [];
    for (const at of sites.keys()) {
      trials.told(at, sites.length);
      const { bits } = sites[at] as Bearer;
      probes.push({ bits, weights: [at], forms: [1], outputs: (await errorsWith([at], part)).map(noiseIn) });
    }
    const outlook = new Outlook(sites.map(priced), { probes, measured: sites.length, groups: sites.length });
    const costs = new Map(sites.map(({ site }, at) => [site.tensor, seenOf(outlook.noiseIn(at, 1))] as const));
    const bearing = await within(outlook, errorsWith);
    return { costs, bearing: new Set(bearing.map((at) => (sites[at] as Bearer).site.tensor)) };
  });
}

/** Those that together stay within the limit, as it is measured: what was added up may be less. */
async function within(outlook: Outlook, errorsWith: ErrorsWith): Promise<number[]> {
  let limit = noiseOf(MOST_ERROR);
  for (let step = 0; step < TRIES; step++) {
    const chosen = [...(outlook.best({ noise: limit }) ?? []).entries()].flatMap(([at, form]) =>
      form === 1 ? at : [],
    );
    if (chosen.length === 0) return [];
    const worst = maxOf((await errorsWith(chosen)).map((one) => one?.error ?? 0));
    if (worst <= MOST_ERROR) return chosen;
    limit *= Math.max(0.3, (0.9 * MOST_ERROR) / worst);
  }
  return [];
}

/** What it gets else, and the form: 8 bits behind 4 change a weight by a sixteenth of what these do, 16 behind 8 by next to nothing. */
const priced = ({ site, bits }: Bearer): PricedWeight => {
  const count = elementCount(site.tensor.shape);
  const [wider, own]: PricedWeight['forms'] =
    bits === 4
      ? [
          { form: { type: 'int8', block: 'channel' }, bytes: count, error: 1 / 16 },
          { form: { type: 'int4', block: 'channel' }, bytes: count / 2, error: 1 },
        ]
      : [
          { form: { type: 'float16' }, bytes: 2 * count, error: 0 },
          { form: { type: 'int8', block: 'channel' }, bytes: count, error: 1 },
        ];
  return { site, forms: [wider, own].flatMap((one) => one ?? []) };
};
