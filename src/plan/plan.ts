/** Plans the precision of a model: what each weight costs in each form, and the frontier of size, error and time. */

import { z } from 'zod';
import { seenOf } from '../../passes/fit/bounded.js';
import { Calibration } from '../../passes/fit/calibration.js';
import { effectsOf } from '../../passes/fit/effects.js';
import { formText } from '../../passes/fit/form.js';
import { handedIn, inlineAll } from '../../passes/fit/functions.js';
import { Outlook } from '../../passes/fit/outlook.js';
import { pricesOf } from '../../passes/fit/prices.js';
import type { FitSearch } from '../../passes/fit/search.js';
import { timed } from '../../passes/fit/times.js';
import { fit as fitting } from '../../passes/fit.js';
import { abortable } from '../abortable.js';
import { inferTypes } from '../infer/index.js';
import { Model } from '../ir/model.js';
import { abortSignal, called, optionsIn } from '../ir/options/options.js';
import { providerOf } from '../ir/targets/targets.js';
import { type ProgressListener, paceOf } from '../ir/text/progress.js';
import { cloneModel } from '../ir/whole-model/clone.js';
import { bytesOf, readSource } from '../job/source.js';
import { fileBytes } from '../onnx/write.js';
import { raisedCopy } from '../opset/raise.js';
import { optimize, targetOf } from '../optimize.js';
import { passContext } from '../run/context.js';
import type { PassesLike } from '../run/parse.js';
import { type Deadline, deadlineOf } from '../run/pipeline/deadline.js';
import type { Plan, PlanPoint } from '../run/plan-schema.js';
import { trialsBy } from '../run/verify/trials.js';
import type { Verifier } from '../run/verify/verifier.js';
import { kernelsOf } from '../runtime/kernels-of.js';
import type { Config } from '../settings/config.js';
import { type SchemasOf, settings } from '../settings/option-schemas.js';
import { partsWatch } from '../tuned.js';
import { type Allowed, PASSES } from './command.js';
import { limitsOf, mixAt, pointOf, raceOf, stopwatchOn } from './plan-points.js';

/** What a plan measures: passes, inputs and limits. */
export interface PlanOptions
  extends Pick<
    Config,
    | 'passes'
    | 'plugins'
    | 'target'
    | 'inputs'
    | 'seed'
    | 'shapes'
    | 'dims'
    | 'timeBudget'
    | 'speed'
    | 'budget'
    | 'allowOutsideData'
  > {
  /** Called with the current step, and how far it is. */
  readonly onProgress?: ProgressListener;
  /** Ends the work early. */
  readonly signal?: AbortSignal;
}

const planOptions = z.object({
  ...settings(
    'passes',
    'plugins',
    'target',
    'inputs',
    'seed',
    'shapes',
    'dims',
    'timeBudget',
    'speed',
    'budget',
    'allowOutsideData',
  ),
  onProgress: called<ProgressListener>(),
  signal: abortSignal,
} satisfies SchemasOf<PlanOptions>);

/**
 * Measures what the weights of a model file cost in every form, and gives about ten mixes from the smallest to the nearest, each with its
 * command. Throws ModelError for a file that is no model, UsageError for an unknown option.
 */
export async function plan(input: string, options: PlanOptions = {}): Promise<Plan> {
  const checked = optionsIn(planOptions, options, 'plan');
  return abortable(checked.signal, () => planBy(input, checked));
}

async function planBy(input: string, options: PlanOptions): Promise<Plan> {
  const { seed = 0, passes = PASSES, onProgress: say = () => {} } = options;
  const deadline = deadlineOf(options);
  say('reading');
  const { shapes, dims, inputs } = options;
  const { original, files } = await readSource(input, options);
  const name = await targetOf(options.target, true);
  const target = providerOf(name);
  const before = await startOf(original, passes, { ...options, target: name, deadline });
  const { createVerifier } = await import('../validate/verifier.js');
  const comparing = { seed, shapes, dims, inputs, target, deadline };
  const verifier = createVerifier(comparing);
  const { context, skips } = passContext({ ...(await kernelsOf(name)), evaluate: undefined, fileBytes });
  const parts = partsWatch(original, target, options);
  const trialsOf = (by: Verifier) => {
    const told = (done: number, of: number) => say(`measuring groups of weights: ${done} of ${of}`);
    return trialsBy(by, { deadline, told, memory: new Map(), whole: (model) => model, parts });
  };
  say('pricing weights');
  const { keep, minElements } = fitOptions;
  const priced = pricesOf(before, { keep, minElements, isTimed: true }, context);
  const trials = trialsOf(verifier);
  const { weights, raced, pairs } = await timed(before, priced, trials, target);
  const effects = await effectsOf(before, weights, trials, target);
  const outlook = new Outlook(weights, effects);
  /** As the command of a point begins it. */
  const searchBy = (by: Verifier): FitSearch => ({
    ...{ model: before, weights, outlook, target, fileBytes },
    calibration: new Calibration(),
    trials: by === verifier ? trials : trialsOf(by),
  });
  const inputBytes = await bytesOf(files);
  const watch = options.speed === false ? undefined : await stopwatchOn(target, seed);
  const points: PlanPoint[] = [];
  const asked = limitsOf(searchBy(verifier), inputBytes);
  const pace = paceOf(asked.length);
  const seen = new Set<string>();
  for (const [done, limits] of asked.entries()) {
    say(`running ${done} of ${asked.length} mixes`, pace(done));
    if (deadline.left() === 0) {
      deadline.cut(`${asked.length - done} of ${asked.length} mixes`);
      break;
    }
    const { percent } = limits;
    const bytes = (percent / 100) * inputBytes;
    const searchWithin = (error: Allowed) => searchBy(createVerifier({ ...comparing, ...error }));
    const found = await mixAt({ bytes, error: limits.error }, searchBy(verifier), searchWithin);
    if (typeof found === 'string' || seen.has(found.mix.choice.join())) continue;
    const { mix, allowed } = found;
    seen.add(mix.choice.join());
    const race = await raceOf(before, mix, { target, watch }, deadline);
    const settings = { ...options, target, seed };
    points.push(pointOf(input, outlook, mix, { weights, inputBytes, percent, settings, race, allowed }));
  }
  points.sort((a, b) => a.bytes - b.bytes);
  await parts.close();
  await watch?.close();
  return {
    version: 1,
    input,
    inputBytes,
    target,
    seed,
    passes: typeof passes === 'string' ? passes : undefined,
    measured: { groups: effects.measured, of: effects.groups },
    times: { raced, of: pairs },
    points,
    weights: weights.map(({ site, forms }, i) => ({
      name: site.value.name,
      reader: site.main.node.label,
      type: site.tensor.type,
      forms: forms.map(({ form, bytes, error, savedMs = 0 }, at) => ({
        form: formText(form),
        bytes,
        change: error,
        error: seenOf(outlook.noiseIn(i, at)),
        savedMs,
      })),
    })),
    left: skips().map(({ reason, count, places }) => ({ reason, count, places: [...places] })),
    cuts: [...deadline.cuts],
  };
}

const fitOptions = fitting().options as Parameters<typeof pricesOf>[1];

/** The model that `fit` would be given: behind the other passes, at its opset where that is possible. */
async function startOf(
  model: Model,
  passes: PassesLike,
  { target, seed, shapes, dims, inputs, plugins, deadline }: PlanOptions & { readonly deadline: Deadline },
): Promise<Model> {
  const settings = { target, seed, shapes, dims, inputs, plugins, deadline, verify: 'end', onGate: 'report' } as const;
  const { model: made } = await optimize(model, passes, settings);
  const raised = raisedCopy(made, fitting.definition.opset ?? 0);
  const start = raised instanceof Model ? raised : cloneModel(made);
  inferTypes(start);
  if (handedIn(start, fitOptions.minElements).length > 0) inlineAll(start);
  return start;
}
