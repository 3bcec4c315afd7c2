/** One pass on one model: on a copy, with each of its rewrites run before and after, and again without those refuted. */

import { inferTypes } from '../infer/index.js';
import { checkModel } from '../ir/check.js';
import { cloneModel } from '../ir/clone.js';
import type { Model } from '../ir/model.js';
import type { Outlook } from '../ir/outlook.js';
import { hasDead, sweep } from '../ir/sweep.js';
import type { SiteReport } from '../match/rule.js';
import { raisedCopy } from '../opset/raise.js';
import { runWithWeights, takesWeights } from '../region/handed-in.js';
import type { Regions } from '../region/regions.js';
import { orRewind, type Rewind } from '../region/rewind.js';
import { abortPoint } from './abort-point.js';
import { type Note, type PassEnvironment, passContext, type Skip } from './context.js';
import type { Pass, PassContext } from './pass.js';
import type { ExcludedPlaces } from './take-back/fewest-places.js';
import type { Trials } from './trials.js';
import type { Tuning, TuningPlan, TuningResult } from './tune/tuning.js';
import type { Refutation, RewriteChecker, RewriteResult } from './verify/rewrite-checker.js';

/** What a pass runs in. */
export interface RunPassOptions {
  readonly environment: PassEnvironment;
  /** False where the types of the model were not inferred yet. */
  readonly isTyped: boolean;
  /** False where nothing is run: then the model itself is edited. */
  readonly isVerified: boolean;
  readonly regions: Regions;
  readonly checker: RewriteChecker;
  /** What the pass is kept from, where its gate broke there. */
  readonly keeping: ExcludedPlaces | undefined;
  /** Where passes are tuned. */
  readonly tuning: Tuning | undefined;
  /** Runs what is the pass's own, and says of an error in it that it is; a divergence is none. */
  guard<T>(work: () => T | Promise<T>): Promise<T>;
  /** Called before rewrites are run. */
  onVerify(outlook?: Outlook): void;
  /** Runs copies of the model for the pass. */
  trials(): Trials | undefined;
  /** Called before each race, with what is raced. */
  onRace(about: string): void;
}

/** What a pass made of a model, and said. */
export interface PassRun {
  /** Swept and checked. */
  readonly candidate: Model;
  readonly isChanged: boolean;
  readonly notes: Note[];
  readonly skips: Skip[];
  readonly sites: SiteReport[];
  readonly rewrites: RewriteResult | undefined;
  readonly verifyMs: number;
  /** What was raced, and how long that took; undefined where the pass is not tuned. */
  readonly tuning: readonly TuningResult[] | undefined;
  readonly tuneMs: number;
}

/** One attempt at a pass: each begins anew with what those before found. */
interface Attempt {
  readonly model: Model;
  readonly pass: Pass;
  readonly options: RunPassOptions;
  /** What the pass says in it. */
  readonly told: ReturnType<typeof passContext>;
  readonly found: Findings;
}

/** What attempts find. */
interface Findings {
  readonly refuted: Map<string, Refutation>;
  /** Weights that calls of a function disagree on. */
  readonly apart: Set<string>;
  verifyMs: number;
  tuneMs: number;
}

/** What a pass is given to edit. */
interface Given {
  readonly model: Model;
  readonly isRaised: boolean;
  /** Whether the file had nodes that nothing reads. */
  readonly isLittered: boolean;
}

/** What a pass left. */
interface Made {
  readonly candidate: Model;
  /** Whether it edited anything; what was built and taken back counts. */
  readonly isEdited: boolean;
  readonly isChanged: boolean;
}

/** Runs a pass, and checks what it leaves. A rewind where it needs one answer of repeats that give different ones. */
export function runPass(model: Model, pass: Pass, options: RunPassOptions): Promise<PassRun | Rewind> {
  const { environment, isVerified: cutsOut, regions, isTyped } = options;
  const found: Findings = { refuted: new Map(), apart: new Set(), verifyMs: 0, tuneMs: 0 };
  return orRewind(async () => {
    for (;;) {
      await abortPoint(environment.signal);
      const isMeasuring = pass.definition.needs?.includes('activations') === true;
      const said = { refuted: found.refuted, cutsOut, regions, isTyped, isMeasuring, trials: options.trials() };
      const told = passContext(environment, said);
      const run = await runOnce({ model, pass, options, told, found });
      if (run) return run;
    }
  });
}

/** The life of a pass; undefined where it has to begin anew. */
async function runOnce(attempt: Attempt): Promise<PassRun | undefined> {
  const given = await givenTo(attempt);
  const plan = await planFor(attempt, given);
  const made = await runVariants(attempt, given, plan);
  if (!made || (await isRefuted(attempt))) return undefined;
  await sweptAndChecked(attempt, made);
  return passRun(attempt, given, plan, made);
}

/** The model as a pass is given it: raised, on a copy where need be, without dead nodes, typed. */
async function givenTo({ model, pass: { definition }, options, told }: Attempt): Promise<Given> {
  const { isTyped, isVerified, guard, regions, keeping } = options;
  const raised = await guard(() => raisedFor(definition, model, told.context));
  // What may be taken back is done on a copy; the verifier then knows the model before by its identity.
  // So is what goes without the dead nodes of a file: a rule would count their reading of a value as a use of it.
  const isLittered = hasDead(raised ?? model);
  const isCopied = (isVerified || isLittered || takesWeights(definition, model)) && !definition.shortens;
  const given = raised ?? (isCopied ? cloneModel(model) : model);
  if (isLittered && given !== model) sweep(given);
  // Dims that nobody knows are a copy's own: that it has them is no change.
  if (isTyped && given !== model && definition.needs?.includes('types')) inferTypes(given);
  regions.enter(given);
  keeping?.enter(given);
  return { model: given, isRaised: raised !== undefined, isLittered };
}

/** Which variants run where; undefined where the pass is not tuned. */
async function planFor({ pass, options, found }: Attempt, { model }: Given): Promise<TuningPlan | undefined> {
  const { regions, onRace, guard, tuning } = options;
  const began = performance.now();
  const plan = await guard(() => tuning?.plan(model, pass, { regions, refuted: found.refuted, onRace }));
  found.tuneMs += performance.now() - began;
  return plan;
}

/** Runs each variant that is planned, or the pass as it is asked for; undefined where calls of a function turned out to differ. */
async function runVariants(attempt: Attempt, given: Given, plan: TuningPlan | undefined): Promise<Made | undefined> {
  const { pass, options, told, found } = attempt;
  const { definition } = pass;
  const { model } = given;
  let made: Made | undefined;
  const isDone = await runWithWeights(definition, model, found.apart, async () => {
    const before = model.revision;
    for (const turn of plan?.turns ?? [{ options: pass.options, hold: undefined }]) {
      const { revision } = model;
      const said = told.notes.length;
      told.keep(options.keeping?.over(turn.hold) ?? turn.hold);
      await abortPoint(options.environment.signal);
      if (plan) inferTypes(model);
      await options.guard(() => definition.run(model, turn.options, told.context));
      // That it found nothing is no news where another variant did.
      if (plan && plan.turns.length > 1 && model.revision === revision) told.notes.length = said;
    }
    const candidate = told.short() ?? model;
    const edits = model.revision - before;
    const isCleared = given.isLittered && definition.clears === true;
    const isChanged = candidate !== model || edits !== told.undone() || isCleared;
    made = { candidate, isEdited: edits !== 0, isChanged };
  });
  return isDone ? made : undefined;
}

/** Runs every rewrite before and after. True where one is refuted that was not yet. */
async function isRefuted({ pass: { definition }, options, told: { rewrites }, found }: Attempt): Promise<boolean> {
  if (rewrites.count) options.onVerify();
  const began = performance.now();
  const refuted = await options.checker.check(rewrites, definition.fidelity, options.onVerify);
  found.verifyMs += performance.now() - began;
  for (const [key, refutation] of refuted) found.refuted.set(key, refutation);
  return refuted.size > 0;
}

/** Removes what nothing reads, also where it was built and nothing else changed. */
async function sweptAndChecked({ options }: Attempt, { candidate, isEdited, isChanged }: Made): Promise<void> {
  await options.guard(() => {
    if (!isEdited && !isChanged) return;
    sweep(candidate);
    checkModel(candidate);
  });
}

function passRun(
  { model, pass: { definition }, options, told, found }: Attempt,
  { isRaised }: Given,
  plan: TuningPlan | undefined,
  { candidate, isChanged }: Made,
): PassRun {
  const raising = { text: `raised the opset from ${model.opsets.get('')} to ${definition.opset}` };
  const short = candidate.budget.untold().map((one) => ({ ...one, count: one.places.length }));
  return {
    candidate,
    isChanged,
    notes: isChanged && isRaised ? [raising, ...told.notes] : told.notes,
    skips: [...told.skips(), ...short],
    sites: told.sites,
    rewrites: options.checker.result(told.rewrites, found.refuted),
    verifyMs: found.verifyMs,
    tuning: plan?.results,
    tuneMs: found.tuneMs,
  };
}

/** A copy at the opset that the pass emits for; undefined where the model has it, or cannot be raised. */
function raisedFor({ name, opset }: Pass['definition'], model: Model, context: PassContext): Model | undefined {
  const raised = opset === undefined ? undefined : raisedCopy(model, opset);
  if (!raised || !('reason' in raised)) return raised;
  const found = model.opsets.get('');
  context.skip(`${name} needs opset ${opset}, and the model has ${found}; ${raised.reason}`, raised.at);
  return undefined;
}
