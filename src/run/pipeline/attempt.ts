/** One attempt at a pass: the model that it is given, its variants, its rewrites, and what it leaves. */

import { inferTypes } from '../../infer/index.js';
import type { Model } from '../../ir/model.js';
import type { ProgressEstimate } from '../../ir/text/progress.js';
import { checkModel } from '../../ir/whole-model/check.js';
import { cloneModel } from '../../ir/whole-model/clone.js';
import { hasDead, sweep } from '../../ir/whole-model/sweep.js';
import { raisedCopy } from '../../opset/raise.js';
import type { Difference } from '../../region/difference.js';
import { runWithWeights, takesWeights } from '../../region/functions/handed-in.js';
import type { Regions } from '../../region/regions.js';
import type { PassEnvironment, PassRecord } from '../context.js';
import type { Pass, PassContext } from '../pass.js';
import type { ExcludedPlaces } from '../take-back/fewest-places.js';
import type { Trials } from '../trials.js';
import type { Tuning, TuningPlan } from '../tune/tuning.js';
import type { Refutation, RewriteChecker } from '../verify/rewrite-checker.js';
import { abortPoint } from './abort-point.js';

/** What the pipeline gives a pass to run with: its environment, the places it leaves alone, and functions that compare and race. */
export interface RunPassOptions {
  readonly environment: PassEnvironment;
  /** False where nothing is run: then the model itself is edited. */
  readonly isVerified: boolean;
  readonly regions: Regions;
  readonly checker: RewriteChecker;
  /** The places that the pass is kept from, where its gate broke there. */
  readonly excluded: ExcludedPlaces | undefined;
  /** Where passes are tuned. */
  readonly tuning: Tuning | undefined;
  /** Runs the pass's own work, and says of an error in it that it is; a divergence is none. */
  guard<T>(work: () => T | Promise<T>): Promise<T>;
  /** Runs copies of the model for the pass; undefined where nothing is run. */
  trials(): Trials | undefined;
  /** Called before rewrites are run. */
  onVerify(estimate?: ProgressEstimate): void;
  /** Called before each race, with what is raced. */
  onRace(about: string): void;
}

/** An attempt begins anew with the findings of those before. */
export interface Attempt {
  readonly model: Model;
  readonly pass: Pass;
  readonly options: RunPassOptions;
  /** Notes, skips and rewrites of the pass in this attempt. */
  readonly record: PassRecord;
  readonly findings: Findings;
}

/** The findings of attempts. */
export interface Findings {
  readonly refuted: Map<string, Refutation>;
  /** Weights that calls of a function disagree on. */
  readonly apart: Set<string>;
  verifyMs: number;
  tuneMs: number;
}

/** The model that a pass is given to edit. */
export interface ModelToEdit {
  readonly model: Model;
  readonly isRaised: boolean;
  /** Whether the file had nodes that nothing reads. */
  readonly isLittered: boolean;
}

/** The model that a pass leaves. */
export interface PassOutput {
  readonly candidate: Model;
  /** Whether it edited anything; what was built and taken back counts. */
  readonly isEdited: boolean;
  readonly isChanged: boolean;
}

/** The model as a pass is given it: raised, on a copy where need be, without dead nodes, typed. */
export async function givenTo({ model, pass: { definition }, options, record }: Attempt): Promise<ModelToEdit> {
  const { isVerified, guard, regions, excluded } = options;
  const raised = await guard(() => raisedFor(definition, model, record.context));
  // What may be taken back is done on a copy; the verifier then knows the model before by its identity.
  // So is what goes without the dead nodes of a file: a rule would count their reading of a value as a use of it.
  const isLittered = hasDead(raised ?? model);
  // A pass that turns out to treat repeats differently leaves the model as it was.
  const isCopied =
    isVerified || model.trail !== undefined || isLittered || regions.isShortened || takesWeights(definition, model);
  const given = raised ?? (isCopied ? cloneModel(model) : model);
  if (isLittered && given !== model) sweep(given);
  // Dims that nobody knows are a copy's own: that it has them is no change.
  if (given !== model && definition.needs?.includes('types')) inferTypes(given);
  regions.enter(given);
  excluded?.enter(given);
  return { model: given, isRaised: raised !== undefined, isLittered };
}

/** The variants that run, and where; undefined where the pass is not tuned. */
export async function planFor(
  { pass, options, findings }: Attempt,
  { model }: ModelToEdit,
): Promise<TuningPlan | Difference | undefined> {
  const { regions, onRace, guard, tuning } = options;
  const began = performance.now();
  const plan = await guard(() => tuning?.plan(model, pass, { regions, refuted: findings.refuted, onRace }));
  findings.tuneMs += performance.now() - began;
  return plan;
}

/** Runs each variant that is planned, or the pass as it is asked for; undefined where calls of a function turned out to differ. */
export async function runVariants(
  attempt: Attempt,
  given: ModelToEdit,
  plan: TuningPlan | undefined,
): Promise<PassOutput | undefined> {
  const { pass, options, record, findings } = attempt;
  const { definition } = pass;
  const { model } = given;
  let made: PassOutput | undefined;
  const isDone = await runWithWeights(definition, model, findings.apart, async () => {
    const before = model.revision;
    for (const turn of plan?.turns ?? [{ options: pass.options, filter: undefined }]) {
      const { revision } = model;
      const noteCount = record.notes.length;
      record.filterEdits(options.excluded?.over(turn.filter) ?? turn.filter);
      await abortPoint(options.environment.signal);
      if (plan) inferTypes(model);
      await options.guard(() => definition.run(model, turn.options, record.context));
      // That it found nothing is no news where another variant did.
      if (plan && plan.turns.length > 1 && model.revision === revision) record.notes.length = noteCount;
    }
    const edits = model.revision - before;
    const isCleared = given.isLittered && definition.clears === true;
    made = { candidate: model, isEdited: edits !== 0, isChanged: edits !== record.undone() || isCleared };
  });
  return isDone ? made : undefined;
}

/** Runs every rewrite before and after. True where one is refuted that was not yet. */
export async function isRefuted({
  pass: { definition },
  options,
  record: { rewrites },
  findings,
}: Attempt): Promise<boolean> {
  if (rewrites.count) options.onVerify();
  const began = performance.now();
  const refuted = await options.checker.check(rewrites, definition.fidelity, options.onVerify);
  findings.verifyMs += performance.now() - began;
  for (const [key, refutation] of refuted) findings.refuted.set(key, refutation);
  return refuted.size > 0;
}

/** Removes what nothing reads, also where it was built and nothing else changed, and checks the invariants. */
export async function sweptAndChecked(
  { options }: Attempt,
  { candidate, isEdited, isChanged }: PassOutput,
): Promise<void> {
  await options.guard(() => {
    if (!isEdited && !isChanged) return;
    sweep(candidate);
    checkModel(candidate);
  });
}

/** A copy at the opset that the pass emits for; undefined where the model has it, or cannot be raised. */
function raisedFor({ name, opset }: Pass['definition'], model: Model, context: PassContext): Model | undefined {
  const raised = opset === undefined ? undefined : raisedCopy(model, opset);
  if (!raised || !('reason' in raised)) return raised;
  const found = model.opsets.get('');
  context.skip(`${name} needs opset ${opset}, and the model has ${found}; ${raised.reason}`, raised.at);
  return undefined;
}
