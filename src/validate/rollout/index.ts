/**
 * Runs rollouts: original and result run step by step, each on its own earlier outputs. An error that one run hides may
 * grow so.
 */

import type { Model } from '../../ir/model.js';
import { msText, numberText } from '../../ir/text/quantities.js';
import type { Value } from '../../ir/value.js';
import type { Fidelity } from '../../run/pass.js';
import type { Deadline } from '../../run/pipeline/deadline.js';
import { RuntimeError } from '../../runtime/isolate.js';
import type { Provider } from '../../runtime/protocol.js';
import type { Feeds } from '../inputs/feeds.js';
import type { Gate } from '../judge/gates.js';
import type { LoadedModel } from '../sides/forms.js';
import { type Denoised, denoiseSteps } from './denoise.js';
import { type Distance, type ModelRunner, RolloutEnd, runnerOf } from './model-runner.js';
import type { RolloutPlan } from './plan.js';
import { type RolloutStart, startsOf } from './start.js';
import { stateSteps } from './state.js';
import { type Choices, noChoices, tokenSteps } from './tokens.js';

export interface RolloutReport {
  readonly kind: RolloutPlan['kind'];
  /**
   * Pairs of an output and the input that it is fed back to: of a decoder by its largest logit, of a denoiser by a step
   * along it.
   */
  readonly fedBack: readonly { readonly output: string; readonly input: string }[];
  /** The requested number of steps. */
  readonly asked: number;
  /**
   * Relative L2 after each step that both ran: of the state with the largest drift, the next token's logits, or the
   * latent.
   */
  readonly drift: readonly number[];
  /** The tensor of the last drift. */
  readonly of: string;
  /** The limit for the last drift: the gate's limit of relative L2. */
  readonly limit: number;
  readonly tokens?: TokensReport;
  /** For a denoiser's last latent, in decibels; infinite where both are equal. */
  readonly psnr?: number;
  /** The source of the inputs, in words. */
  readonly inputs: string;
  /** The reason that it fails the accuracy gate, in words. */
  readonly failure?: string;
  /** The reasons for fewer steps, or for a drift that proves nothing. */
  readonly notes: readonly string[];
}

/**
 * The comparison of a decoder's choices. Both read the original's text: where the result would choose another token, it
 * is given the original's.
 */
export interface TokensReport {
  /** Steps before the first at which any row would choose another token. Up to there the result reads its own text. */
  readonly prefix: number;
  /** The number of equal tokens, over all rows. */
  readonly equal: number;
  readonly of: number;
  /** Kullback-Leibler divergence of the next token, in nats, by step. */
  readonly divergence: readonly number[];
}

export interface RolloutOptions {
  readonly steps: number;
  readonly gate: Gate;
  readonly fidelity: Fidelity;
  readonly seed: number;
  /** Steps end where the next would take longer than the time left. */
  readonly deadline: Deadline;
  /** The share of the time left that a rollout may take. */
  readonly share: number;
  /**
   * Loads the original again with its numbers rounded otherwise. As much drift in the result is no fault of the result.
   */
  rival(): Promise<LoadedModel>;
  /** The result's inputs: where these are frozen to sizes that a step does not have, the rollout ends there. */
  readonly resultInputs: readonly Value[];
}

/**
 * Rolls out both models. `sets` are inputs on which the original ran: given ones in order are a sequence. Undefined
 * where the original cannot be run on its own outputs; a failure of the result becomes part of the report.
 */
export async function rollout(
  original: LoadedModel,
  result: LoadedModel,
  plan: RolloutPlan,
  model: Model,
  sets: readonly Feeds[],
  options: RolloutOptions,
): Promise<RolloutReport | undefined> {
  for (const start of startsOf(plan, model, sets, options.seed)) {
    const rolled = await roll(plan, original, result, start, options);
    if (rolled) return rolled;
  }
  return undefined;
}

const outputsOf = (plan: RolloutPlan): string[] =>
  plan.kind === 'denoise'
    ? [plan.output]
    : [...(plan.kind === 'tokens' ? [plan.logits] : []), ...plan.pairs.map(({ output }) => output)];

const fedBackBy = (plan: RolloutPlan): RolloutReport['fedBack'] =>
  plan.kind === 'denoise'
    ? [{ output: plan.output, input: plan.latent }]
    : [...(plan.kind === 'tokens' ? [{ output: plan.logits, input: plan.ids }] : []), ...plan.pairs];

/** The outcome of steps beside their drift. */
interface StepOutcome {
  readonly choices: Choices;
  readonly denoised: Denoised;
}

const nothingFound = (): StepOutcome => ({ choices: noChoices(), denoised: { psnr: Number.POSITIVE_INFINITY } });

function stepsOf(
  plan: RolloutPlan,
  original: ModelRunner,
  result: ModelRunner,
  start: RolloutStart,
  count: number,
  { choices, denoised }: StepOutcome,
): AsyncGenerator<Distance, void> {
  switch (plan.kind) {
    case 'state':
      return stateSteps(original, result, plan, start.inputs);
    case 'tokens':
      return tokenSteps(original, result, plan, start.inputs(0), choices);
    case 'denoise':
      return denoiseSteps(original, result, plan, start.inputs(0), count, denoised);
  }
}

/** Undefined where the original does not run from this start. */
async function roll(
  plan: RolloutPlan,
  first: LoadedModel,
  second: LoadedModel,
  start: RolloutStart,
  options: RolloutOptions,
): Promise<RolloutReport | undefined> {
  const { steps: asked, gate, deadline, share } = options;
  const original = runnerOf(first, 'original', outputsOf(plan));
  const result = runnerOf(second, 'result', outputsOf(plan), options.resultInputs);
  const found = nothingFound();
  const budget = deadline.share(share);
  const began = performance.now();
  const drifts: Distance[] = [];
  const notes: string[] = [];
  let failure: string | undefined;
  try {
    const steps = stepsOf(plan, original, result, start, asked, found);
    while (drifts.length < asked) {
      const spent = performance.now() - began;
      const each = spent / Math.max(1, drifts.length);
      if (spent + each > budget) {
        deadline.cut(`${asked - drifts.length} of ${asked} steps of the rollout`);
        const why = drifts.length ? `one takes ${msText(each)}` : 'no time is left';
        notes.push(`${drifts.length} of ${asked} steps: ${why}`);
        break;
      }
      const { value } = await steps.next();
      if (value) drifts.push(value);
    }
  } catch (error) {
    if (!(error instanceof RolloutEnd)) throw error;
    if (error.side === 'original' && (error.reason === 'ports' || (error.reason === 'fault' && !drifts.length)))
      return undefined;
    const text = `${error.message}, at step ${drifts.length + 1}`;
    if (error.side === 'result' && error.reason === 'fault') failure = text;
    else notes.push(text);
  }
  const broken = failure === undefined ? failureOf(plan, drifts, found.choices, options) : undefined;
  if (broken !== undefined) {
    if (await isOwn(plan, original, start, drifts, found.choices, options))
      notes.push(`${broken}; so does the original by itself when numbers are rounded otherwise, so it proves nothing`);
    else failure = broken;
  }
  const { count, equal, prefix, divergence } = found.choices;
  return {
    kind: plan.kind,
    fedBack: fedBackBy(plan),
    asked,
    drift: drifts.map(({ size }) => size),
    of: drifts.at(-1)?.name ?? '',
    limit: gate.maxError,
    ...(plan.kind === 'tokens' && { tokens: { prefix, equal, of: count, divergence } }),
    ...(plan.kind === 'denoise' && drifts.length > 0 && { psnr: found.denoised.psnr }),
    inputs: start.about,
    ...(failure !== undefined && { failure }),
    notes,
  };
}

/** The drift of a coarse decoder grows if the last is at least this many times the first. */
const GROWS = 2;

/** The broken limit after the last step, in words. */
function failureOf(
  plan: RolloutPlan,
  drifts: readonly Distance[],
  choices: Choices,
  { gate, fidelity }: RolloutOptions,
): string | undefined {
  const last = drifts.at(-1);
  const lost = drifts.findIndex(({ size }) => !Number.isFinite(size));
  if (lost >= 0)
    return `at step ${lost + 1} "${drifts[lost]?.name}" has another shape, or NaN and infinities in other places`;
  const others = choices.count - choices.equal;
  // Each of two logits may be off by the gate's limit for a single element.
  if (fidelity === 'exact' && choices.lead > 2 * gate.maxRel)
    return `${others} of ${choices.count} tokens differ, the first after ${choices.prefix} equal ones, by more than noise`;
  if (!last || last.isTiny || last.size <= gate.maxError) return undefined;
  // Coarse logits are coarse from the first step on: first it counts whether the cache makes them worse, then which
  // tokens they choose.
  const grows = last.size > GROWS * (drifts[0]?.size ?? 0);
  if (plan.kind === 'tokens' && fidelity !== 'exact' && (others === 0 || !grows)) return undefined;
  const words = plan.kind === 'tokens' ? `, ${others} of ${choices.count} tokens differ` : '';
  const after = `after ${drifts.length} ${drifts.length === 1 ? 'step' : 'steps'}`;
  const what = plan.kind === 'denoise' ? 'the latent' : `"${last.name}"`;
  return `${after} ${what} has drifted by ${numberText(last.size)} (limit ${gate.maxError})${words}`;
}

/** A drift this many times the original's own is an error. */
const OWN = 10;

/**
 * True where the original drifts as far by itself with its numbers rounded otherwise: two correct models then part,
 * too.
 */
async function isOwn(
  plan: RolloutPlan,
  original: ModelRunner,
  start: RolloutStart,
  drifts: readonly Distance[],
  { lead }: Choices,
  options: RolloutOptions,
): Promise<boolean> {
  if (drifts.some(({ size }) => !Number.isFinite(size))) return false;
  const size = drifts.at(-1)?.size ?? 0;
  const found = nothingFound();
  let own = 0;
  try {
    const rival = runnerOf(await options.rival(), 'original', outputsOf(plan));
    const steps = stepsOf(plan, original, rival, start, drifts.length, found);
    for (let step = 0; step < drifts.length; step++) own = (await steps.next()).value?.size ?? own;
  } catch (error) {
    // A rival that does not run excuses nothing.
    if (!(error instanceof RolloutEnd || error instanceof RuntimeError)) throw error;
    return false;
  }
  return OWN * own >= size && OWN * found.choices.lead >= lead;
}

/** A rollout, with its provider and form. */
export interface MeasuredRollout extends RolloutReport {
  readonly provider: Provider;
  /** The arithmetic of the result. The original runs in the provider's. */
  readonly form: 'plain' | 'emulated';
  readonly source: Feeds['source'];
}

export interface MeasureOptions {
  readonly provider: Provider;
  readonly gate: Gate;
  readonly fidelity: Fidelity;
  readonly deadline: Deadline;
  readonly seed?: number;
  /** The number of steps; 0 for none. Default: a few. */
  readonly rollout?: number;
}
