/** Rollouts: original and result run step by step on what each gave before. An error that one run hides may grow so. */

import type { Model } from '../../ir/model.js';
import { msText, numberText } from '../../ir/quantities.js';
import type { Deadline } from '../../run/deadline.js';
import type { Fidelity } from '../../run/pass.js';
import { RuntimeError } from '../../runtime/isolate.js';
import type { Feeds } from '../inputs/feeds.js';
import type { Gate } from '../judge/gates.js';
import type { Side } from '../sides/forms.js';
import { type Denoised, denoiseSteps } from './denoise.js';
import { type Drift, type Party, partyOf, RolloutEnd } from './party.js';
import type { RolloutPlan } from './plan.js';
import { type Start, startsOf } from './start.js';
import { stateSteps } from './state.js';
import { type Choices, noChoices, tokenSteps } from './tokens.js';

export interface RolloutReport {
  readonly kind: RolloutPlan['kind'];
  /** Which output is fed back as which input: of a decoder by its largest logit, of a denoiser by a step along it. */
  readonly fedBack: readonly { readonly output: string; readonly input: string }[];
  /** Steps that were asked for. */
  readonly asked: number;
  /** Relative L2 after each step that both ran: of the state that drifted most, the next token's logits, the latent. */
  readonly drift: readonly number[];
  /** Which tensor that is, after the last step. */
  readonly of: string;
  /** What the last drift is held against: the gate's limit of relative L2. */
  readonly limit: number;
  readonly tokens?: TokensReport;
  /** Of a denoiser's last latent, in decibels; infinite where both are equal. */
  readonly psnr?: number;
  /** Where the inputs come from, in words. */
  readonly inputs: string;
  /** Why it fails the accuracy gate, in words. */
  readonly failure?: string;
  /** Why there are fewer steps, or why a drift proves nothing. */
  readonly notes: readonly string[];
}

/** What a decoder's choices say. Both read the original's text: the result is given its token where it would choose another. */
export interface TokensReport {
  /** Steps before the first at which any row would choose another token: so far both go their own way. */
  readonly prefix: number;
  /** Tokens that are equal, of all rows. */
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
  /** Steps end where the next would take longer than is left. */
  readonly deadline: Deadline;
  /** The share of what is left that may be taken. */
  readonly share: number;
  /** The original again, as it runs where only its numbers are rounded otherwise: what it drifts by is no fault of the result. */
  rival(): Promise<Side>;
}

/**
 * Rolls out both models. `sets` are inputs on which the original ran: given ones in order are a sequence. Undefined where the original
 * cannot be run on its own outputs; what the result does becomes part of the report.
 */
export async function rollout(
  original: Side,
  result: Side,
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

/** What steps leave behind beside their drift. */
interface Found {
  readonly choices: Choices;
  readonly denoised: Denoised;
}

const nothingFound = (): Found => ({ choices: noChoices(), denoised: { psnr: Number.POSITIVE_INFINITY } });

function stepsOf(
  plan: RolloutPlan,
  original: Party,
  result: Party,
  start: Start,
  count: number,
  { choices, denoised }: Found,
): AsyncGenerator<Drift, void> {
  switch (plan.kind) {
    case 'state':
      return stateSteps(original, result, plan, start.inputs);
    case 'tokens':
      return tokenSteps(original, result, plan, start.inputs(0), choices);
    case 'denoise':
      return denoiseSteps(original, result, plan, start.inputs(0), count, denoised);
  }
}

/** Undefined where the original does not run from here. */
async function roll(
  plan: RolloutPlan,
  first: Side,
  second: Side,
  start: Start,
  options: RolloutOptions,
): Promise<RolloutReport | undefined> {
  const { steps: asked, gate, deadline, share } = options;
  const original = partyOf(first, 'original', outputsOf(plan));
  const result = partyOf(second, 'result', outputsOf(plan));
  const found = nothingFound();
  const budget = deadline.share(share);
  const began = performance.now();
  const drifts: Drift[] = [];
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
    if (error.party === 'original' && (error.reason === 'ports' || (error.reason === 'fault' && !drifts.length)))
      return undefined;
    const text = `${error.message}, at step ${drifts.length + 1}`;
    if (error.party === 'result' && error.reason === 'fault') failure = text;
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

/** A coarse decoder's drift grows where the last is so many times the first. */
const GROWS = 2;

/** What breaks the gate after the last step, in words. */
function failureOf(
  plan: RolloutPlan,
  drifts: readonly Drift[],
  choices: Choices,
  { gate, fidelity }: RolloutOptions,
): string | undefined {
  const last = drifts.at(-1);
  const lost = drifts.findIndex(({ size }) => !Number.isFinite(size));
  if (lost >= 0)
    return `at step ${lost + 1} "${drifts[lost]?.name}" has another shape, or NaN and infinities in other places`;
  const others = choices.count - choices.equal;
  // Two logits may each be off by what the gate allows a single element.
  if (fidelity === 'exact' && choices.lead > 2 * gate.maxRel)
    return `${others} of ${choices.count} tokens differ, the first after ${choices.prefix} equal ones, by more than noise`;
  if (!last || last.isTiny || last.size <= gate.maxError) return undefined;
  // Coarse logits are coarse from the first: what counts is whether the cache makes them worse, and then what they say.
  const grows = last.size > GROWS * (drifts[0]?.size ?? 0);
  if (plan.kind === 'tokens' && fidelity !== 'exact' && (others === 0 || !grows)) return undefined;
  const words = plan.kind === 'tokens' ? `, ${others} of ${choices.count} tokens differ` : '';
  const after = `after ${drifts.length} ${drifts.length === 1 ? 'step' : 'steps'}`;
  const what = plan.kind === 'denoise' ? 'the latent' : `"${last.name}"`;
  return `${after} ${what} has drifted by ${numberText(last.size)} (limit ${gate.maxError})${words}`;
}

/** A drift of so many times the original's own is an error. */
const OWN = 10;

/** Whether the original by itself drifts as far where its numbers are rounded otherwise: then two right models part, too. */
async function isOwn(
  plan: RolloutPlan,
  original: Party,
  start: Start,
  drifts: readonly Drift[],
  { lead }: Choices,
  options: RolloutOptions,
): Promise<boolean> {
  if (drifts.some(({ size }) => !Number.isFinite(size))) return false;
  const size = drifts.at(-1)?.size ?? 0;
  const found = nothingFound();
  let own = 0;
  try {
    const rival = partyOf(await options.rival(), 'original', outputsOf(plan));
    const steps = stepsOf(plan, original, rival, start, drifts.length, found);
    for (let step = 0; step < drifts.length; step++) own = (await steps.next()).value?.size ?? own;
  } catch (error) {
    // What cannot be run excuses nothing.
    if (!(error instanceof RolloutEnd || error instanceof RuntimeError)) throw error;
    return false;
  }
  return OWN * own >= size && OWN * found.choices.lead >= lead;
}
