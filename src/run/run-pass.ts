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
import { abortPoint } from './abort-point.js';
import { type Note, type PassEnvironment, passContext, type Skip } from './context.js';
import type { Pass, PassContext } from './pass.js';
import type { ExcludedPlaces } from './take-back/fewest-places.js';
import type { Tuning, TuningResult } from './tune/tuning.js';
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
  /** Runs what is the pass's own, and says of an error in it that it is. */
  guard<T>(work: () => T | Promise<T>): Promise<T>;
  /** Called before rewrites are run. */
  onVerify(outlook?: Outlook): void;
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

/** Runs a pass, and checks what it leaves. */
export async function runPass(model: Model, pass: Pass, course: RunPassOptions): Promise<PassRun> {
  const { definition, options } = pass;
  const { environment, isTyped, isVerified, regions, checker, guard } = course;
  const refuted = new Map<string, Refutation>();
  /** Weights that calls of a function disagree on. */
  const apart = new Set<string>();
  let verifyMs = 0;
  let tuneMs = 0;
  for (;;) {
    await abortPoint(environment.signal);
    const told = passContext(environment, { refuted, cutsOut: isVerified, regions, isTyped });
    const { context, notes, rewrites } = told;
    const raised = await guard(() => raisedFor(definition, model, context));
    // What may be taken back is done on a copy; the verifier then knows the model before by its identity.
    // So is what goes without the dead nodes of a file: a rule would count their reading of a value as a use of it.
    const isLittered = hasDead(raised ?? model);
    const isCopied = (isVerified || isLittered || takesWeights(definition, model)) && !definition.shortens;
    const given = raised ?? (isCopied ? cloneModel(model) : model);
    if (isLittered && given !== model) sweep(given);
    // Dims that nobody knows are a copy's own: that it has them is no change.
    if (isTyped && given !== model && definition.needs?.includes('types')) inferTypes(given);
    regions.enter(given);
    const tuned = performance.now();
    const plan = await guard(() => course.tuning?.plan(given, pass, { regions, refuted, onRace: course.onRace }));
    tuneMs += performance.now() - tuned;
    course.keeping?.enter(given);
    let candidate = given;
    let isEdited = false;
    let isChanged = false;
    const isDone = await runWithWeights(definition, given, apart, async () => {
      const before = given.revision;
      for (const one of plan?.turns ?? [{ options, hold: undefined }]) {
        const { revision } = given;
        const said = notes.length;
        told.keep(course.keeping?.over(one.hold) ?? one.hold);
        await abortPoint(environment.signal);
        if (plan) inferTypes(given);
        await guard(() => definition.run(given, one.options, context));
        // That it found nothing is no news where another variant did.
        if (plan && plan.turns.length > 1 && given.revision === revision) notes.length = said;
      }
      candidate = told.short() ?? given;
      isEdited = given.revision !== before;
      isChanged =
        candidate !== given || given.revision - told.undone() !== before || (isLittered && definition.clears === true);
    });
    if (!isDone) continue;
    if (rewrites.count) course.onVerify();
    const began = performance.now();
    const found = await checker.check(rewrites, definition.fidelity, course.onVerify);
    verifyMs += performance.now() - began;
    if (found.size) {
      for (const [key, refutation] of found) refuted.set(key, refutation);
      continue;
    }
    await guard(() => {
      if (!isEdited && !isChanged) return;
      // What was built and is not read goes, whether anything else changed or not.
      sweep(candidate);
      checkModel(candidate);
    });
    if (isChanged && raised)
      notes.unshift({ text: `raised the opset from ${model.opsets.get('')} to ${definition.opset}` });
    const { sites } = told;
    return {
      candidate,
      isChanged,
      notes,
      skips: [...told.skips(), ...candidate.budget.untold().map((short) => ({ ...short, count: short.places.length }))],
      sites,
      rewrites: checker.result(rewrites, refuted),
      verifyMs,
      tuning: plan?.results,
      tuneMs,
    };
  }
}

/** A copy at the opset that the pass emits for; undefined where the model has it, or cannot be raised. */
function raisedFor({ name, opset }: Pass['definition'], model: Model, context: PassContext): Model | undefined {
  const raised = opset === undefined ? undefined : raisedCopy(model, opset);
  if (!raised || !('reason' in raised)) return raised;
  const found = model.opsets.get('');
  context.skip(`${name} needs opset ${opset}, and the model has ${found}; ${raised.reason}`, raised.at);
  return undefined;
}
