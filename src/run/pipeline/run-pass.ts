/** One pass on one model: on a copy, with each of its rewrites run before and after, and again without those refuted. */

import type { Model } from '../../ir/model.js';
import type { SiteReport } from '../../match/rule.js';
import { type Difference, differenceOf, isDifference, orDifference } from '../../region/difference.js';
import type { Regions } from '../../region/regions.js';
import { differenceIn } from '../../region/whole/whole.js';
import { type Note, passContext, type Skip } from '../context.js';
import type { Pass } from '../pass.js';
import type { TuningPlan, TuningResult } from '../tune/tuning.js';
import type { RewriteResult } from '../verify/rewrite-checker.js';
import { abortPoint } from './abort-point.js';
import {
  type Attempt,
  type Findings,
  givenTo,
  isRefuted,
  type ModelToEdit,
  type PassOutput,
  planFor,
  type RunPassOptions,
  runVariants,
  sweptAndChecked,
} from './attempt.js';

/** The model that a pass made, and what it said. */
export interface PassRun {
  /** Swept and checked. */
  readonly candidate: Model;
  readonly isChanged: boolean;
  readonly notes: Note[];
  readonly skips: Skip[];
  readonly sites: SiteReport[];
  readonly rewrites: RewriteResult | undefined;
  readonly verifyMs: number;
  /** The races, and how long they took; undefined where the pass is not tuned. */
  readonly tuning: readonly TuningResult[] | undefined;
  readonly tuneMs: number;
}

/**
 * Runs a pass, and checks the model that it leaves. A difference where repeats are compiled once, and the pass needs one answer of repeats
 * that give different ones, or does not do the same to all of them.
 */
export async function runPass(model: Model, pass: Pass, options: RunPassOptions): Promise<PassRun | Difference> {
  const { environment, isVerified: cutsOut, regions } = options;
  const findings: Findings = { refuted: new Map(), apart: new Set(), verifyMs: 0, tuneMs: 0 };
  for (;;) {
    await abortPoint(environment.signal);
    const { needs } = pass.definition;
    const contextOptions = { refuted: findings.refuted, cutsOut, regions, needs, trials: options.trials() };
    const record = passContext(environment, contextOptions);
    const run = await orDifference(() => runOnce({ model, pass, options, record, findings }));
    if (run) return isDifference(run) || !run.isChanged ? run : unlessUnlike(run, regions);
  }
}

/** The run, unless it left the stand-ins of a repeat unlike each other. */
function unlessUnlike(run: PassRun, { runs }: Regions): PassRun | Difference {
  const reason = differenceIn(run.candidate, runs);
  return reason === undefined ? run : differenceOf(reason);
}

/** The life of a pass; undefined where it has to begin anew. */
async function runOnce(attempt: Attempt): Promise<PassRun | Difference | undefined> {
  const given = await givenTo(attempt);
  const plan = await planFor(attempt, given);
  if (plan && isDifference(plan)) return plan;
  const made = await runVariants(attempt, given, plan);
  if (!made || (await isRefuted(attempt))) return undefined;
  await sweptAndChecked(attempt, made);
  return passRun(attempt, given, plan, made);
}

function passRun(
  { model, pass: { definition }, options, record, findings }: Attempt,
  { isRaised }: ModelToEdit,
  plan: TuningPlan | undefined,
  { candidate, isChanged }: PassOutput,
): PassRun {
  const raising = { text: `raised the opset from ${model.opsets.get('')} to ${definition.opset}` };
  const untold = candidate.budget.untold().map((one) => ({ ...one, count: one.places.length }));
  return {
    candidate,
    isChanged,
    notes: isChanged && isRaised ? [raising, ...record.notes] : record.notes,
    skips: [...record.skips(), ...untold],
    sites: record.sites,
    rewrites: options.checker.result(record.rewrites, findings.refuted),
    verifyMs: findings.verifyMs,
    tuning: plan?.results,
    tuneMs: findings.tuneMs,
  };
}
