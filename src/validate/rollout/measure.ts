/**
 * Measures the rollout of a comparison: chooses models, arithmetic and inputs, and applies its outcome to the verdict.
 */

import { RuntimeError } from '../../runtime/isolate.js';
import { perturbed } from '../judge/noise.js';
import type { Reference } from '../reference.js';
import type { ComparedModel } from '../sides/compared-model.js';
import { type LoadedModel, loadInForm } from '../sides/forms.js';
import { placeOf } from '../sides/place.js';
import type { AccuracyReport } from '../validation.js';
import { type MeasuredRollout, type MeasureOptions, rollout } from './index.js';
import { planOf } from './plan.js';

/** The default number of steps, and the shares of the time left for default and for requested steps. */
const STEPS = 4;
const SHARES = { usual: 0.1, asked: 0.5 };

/** Undefined where no output feeds an input. The result runs in emulated arithmetic where that differs from the provider's. */
export async function measureRollout(
  { runs }: Reference,
  [original, result]: readonly [ComparedModel, ComparedModel],
  { rollout: asked, seed = 0, ...options }: MeasureOptions,
): Promise<MeasuredRollout | undefined> {
  const steps = asked ?? STEPS;
  const { model } = await original.prepared();
  const plan = steps > 0 ? planOf(model) : undefined;
  if (!plan) return undefined;
  const given = runs.filter(({ feeds }) => feeds.source === 'data');
  const sets = (given.length ? given : runs.slice(0, 1)).map(({ feeds }) => feeds);
  const loaded: LoadedModel[] = [];
  async function load(model: ComparedModel, form: 'plain'): Promise<LoadedModel>;
  async function load(model: ComparedModel, form: 'emulated'): Promise<LoadedModel | undefined>;
  async function load({ runtime, prepared }: ComparedModel, form: 'plain' | 'emulated') {
    const side = await loadInForm(runtime, await prepared(), options.provider, form);
    if (side) loaded.push(side);
    return side;
  }
  try {
    const first = await load(original, 'plain');
    const emulated = await load(result, 'emulated');
    const second = emulated ?? (await load(result, 'plain'));
    const share = asked === undefined ? SHARES.usual : SHARES.asked;
    const rival = async (): Promise<LoadedModel> => (emulated && (await load(original, 'emulated'))) || shaken(first);
    const resultInputs = (await result.prepared()).model.graph.inputs;
    const wanted = { ...options, steps, seed, share, rival, resultInputs };
    const rolled = await rollout(first, second, plan, model, sets, wanted);
    return (
      rolled && {
        ...rolled,
        provider: options.provider,
        form: emulated ? 'emulated' : 'plain',
        source: given.length ? 'data' : 'made',
      }
    );
  } catch (error) {
    // A model that cannot be loaded has been reported before.
    if (error instanceof RuntimeError) return undefined;
    throw error;
  } finally {
    for (const side of loaded) await side.release();
  }
}

/** The same model on inputs that are moved by one unit in the last place, by new random signs in every step. */
function shaken(side: LoadedModel): LoadedModel {
  let step = 0;
  return { ...side, run: (feeds) => side.run(perturbed(feeds, step++) ?? feeds) };
}

/** The accuracy of a comparison, corrected where the rollout failed. */
export function withRollout(accuracy: AccuracyReport, rolled: MeasuredRollout | undefined): AccuracyReport {
  if (rolled?.failure === undefined) return accuracy;
  const { verdict } = accuracy;
  const inputs = rolled.source === 'data' ? 'given inputs' : 'made-up inputs';
  const arithmetic = rolled.form === 'emulated' ? ', the result emulated: 16 bits rounded, integer sums exact' : '';
  const failure = `${rolled.failure} (${inputs}; ${placeOf(rolled.provider)}${arithmetic})`;
  const detail = verdict.outcome === 'rejected' ? `${verdict.detail}; ${failure}` : failure;
  return { ...accuracy, verdict: { ...verdict, outcome: 'rejected', detail } };
}
