/**
 * Which weights have 16 bits where there is room for some: those that move the outputs the most for their bytes in 8, each measured by one run.
 *
 * Why this way: size says little of it (rank correlation with what is measured: −0.3 to 0.4 on six trained models), made-up inputs say more (0.4 to 0.9).
 */
import { maxOf } from '../../../src/ir/collections/lists.js';
import type { Model } from '../../../src/ir/model.js';
import { instanceCount } from '../../../src/ir/tensors/bank.js';
import { elementCount, type Tensor } from '../../../src/ir/tensors/tensor.js';
import { findBlocks } from '../../../src/region/blocks/index.js';
import type { PassContext } from '../../../src/run/pass.js';
import type { Alternative, ErrorsWith, Trials } from '../../../src/run/trials.js';
import { type FormRun, noiseIn } from '../../fit/effects.js';
import type { PricedWeight } from '../../fit/form.js';
import { Outlook } from '../../fit/outlook.js';
import { shiftedBias } from '../moments/biases.js';
import { bytesOf, decodedTensor } from './decode.js';
import type { NarrowSite } from './narrow-site.js';

/** Larger models hold three times their weights in memory while that is measured. */
export const LARGEST = 64 * 2 ** 20;

/** The share of the time for verifying that this may take. */
const SHARE = 0.1;

/** From so many repeats on blocks may be compiled once, without their own weights; what is chosen may not depend on it. */
const MOST_REPEATS = 8;

export interface RoomToWiden {
  /** Bytes more than all in 8 bits. */
  readonly room: number;
  /** The tensors that are had without a measurement, which stay where they are better. */
  readonly usual: ReadonlySet<Tensor>;
  /** What `isRepeated` says, which searches the model for blocks. */
  repeats(): boolean;
}

/** The tensors with 16 bits; undefined where it cannot be measured. */
export async function wideByError(
  model: Model,
  sites: readonly NarrowSite[],
  { room, usual, repeats }: RoomToWiden,
  { trials }: PassContext,
): Promise<ReadonlySet<Tensor> | undefined> {
  const bytes = sites.reduce((sum, { site }) => sum + 4 * elementCount(site.tensor.shape), 0);
  if (!trials || sites.length < 2 || bytes > LARGEST || repeats()) return undefined;
  const key = 'what weights in 8 bits do to the outputs';
  const remembered = trials.memory.get(key) as Findings | undefined;
  const isKnown = sites.every(({ site }) => remembered?.outputs.has(site.tensor));
  const findings = isKnown ? remembered : await measured(model, sites, room, usual, trials);
  if (!findings) return undefined;
  trials.memory.set(key, findings);
  return findings.isUsualBetter ? usual : chosen(sites, room, findings);
}

/** What was measured; when the pass runs again, kept from some places, it is still so. */
interface Findings {
  readonly outputs: ReadonlyMap<Tensor, FormRun['outputs']>;
  readonly isUsualBetter: boolean;
}

async function measured(
  model: Model,
  sites: readonly NarrowSite[],
  room: number,
  usual: ReadonlySet<Tensor>,
  trials: Trials,
): Promise<Findings | undefined> {
  const part = Math.min(1, (await trials.runsIn(model, SHARE)) / sites.length);
  if (part === 0) return undefined;
  const alternatives = sites.map(
    ({ site, stored, shift }): Alternative => ({
      value: site.value,
      tensor: decodedTensor(stored, site.tensor.shape),
      ...(shift && {
        also: [{ value: shift.bias, tensor: shiftedBias(shift.bias.tensor as Tensor, [shift.numbers]) }],
      }),
    }),
  );
  return trials.switched(model, alternatives, async (errorsWith) => {
    const outputs = new Map<Tensor, FormRun['outputs']>();
    for (const [at, { site }] of sites.entries()) {
      trials.told(at, sites.length);
      outputs.set(site.tensor, (await errorsWith([at], part)).map(noiseIn));
    }
    const found = chosen(sites, room, { outputs });
    const [own, other] = [await worstOf(errorsWith, sites, found), await worstOf(errorsWith, sites, usual)];
    return { outputs, isUsualBetter: other < own };
  });
}

/** Those that have 16 bits, of what was measured one by one. */
function chosen(sites: readonly NarrowSite[], room: number, { outputs }: Pick<Findings, 'outputs'>): Set<Tensor> {
  const weights = sites.map(priced);
  const probes = sites.map(
    ({ site }, at): FormRun => ({ bits: 8, weights: [at], forms: [1], outputs: outputs.get(site.tensor) ?? [] }),
  );
  const outlook = new Outlook(weights, { probes, measured: sites.length, groups: sites.length });
  const choice = outlook.best({ bytes: outlook.bytesOf(weights.map(() => 1)) + room });
  return new Set(sites.flatMap(({ site }, i) => (choice?.[i] === 0 ? [site.tensor] : [])));
}

/** True where blocks may be compiled once, and what is decided here may not depend on whether they are. */
export const isRepeated = (model: Model, sites: readonly NarrowSite[]): boolean =>
  sites.some(({ site }) => instanceCount(site.tensor) > 1) ||
  findBlocks(model.graph).some(({ instances }) => instances.length > MOST_REPEATS);

/** 16 bits count as no error: an eightieth of that of 8. */
const priced = ({ site, stored }: NarrowSite): PricedWeight => ({
  site,
  forms: [
    { form: { type: 'float16' }, bytes: 2 * elementCount(site.tensor.shape), error: 0 },
    { form: { type: 'int8', block: 'channel' }, bytes: bytesOf(stored), error: 1 },
  ],
});

/** The largest error of an output while all but these have 8 bits. */
async function worstOf(
  errorsWith: ErrorsWith,
  sites: readonly NarrowSite[],
  wide: ReadonlySet<Tensor>,
): Promise<number> {
  const narrow = [...sites.keys()].filter((i) => !wide.has((sites[i] as NarrowSite).site.tensor));
  return maxOf((await errorsWith(narrow)).map((one) => one?.error ?? 0));
}
