/** Stores every weight in a form such that the file holds a limit of bytes or of error. */

import { z } from 'zod';
import type { Model } from '../src/ir/model.js';
import type { Tensor } from '../src/ir/tensors/tensor.js';
import { bytesText, msText, numberText, percentText } from '../src/ir/text/quantities.js';
import { cloneModel } from '../src/ir/whole-model/clone.js';
import { EXACT_CPUS, INEXACT_CPUS } from '../src/run/cpus.js';
import { definePass, type PassContext } from '../src/run/pass.js';
import { saturatesOn } from '../src/run/target-cpu.js';
import { type Assignment, assign } from './fit/assign.js';
import { seenOf } from './fit/bounded.js';
import { Calibration } from './fit/calibration.js';
import { effectsOf } from './fit/effects.js';
import { type FitForm, formText, isDynamic, type PricedWeight } from './fit/form.js';
import { handedIn, inlineAll } from './fit/functions.js';
import { Outlook } from './fit/outlook.js';
import { pricesOf } from './fit/prices.js';
import { type FitSearch, type Mix, mixWithin } from './fit/search.js';
import { sizeOf, sizeSchema } from './fit/size.js';
import { type TimedWeights, timed } from './fit/times.js';
import { MIN_STORED } from './precision/weights/half.js';
import { weightSites } from './precision/weights/sites.js';

/** Where no limit is given. */
const DEFAULT_ERROR = 0.03;

const fitOptions = z.object({
  maxSize: sizeSchema.optional().describe('Largest file: a share of that of the model (30%), or bytes (120MB).'),
  maxError: z
    .number()
    .positive()
    .optional()
    .describe(
      'Largest relative L2 of an output, against the model before the pass; with maxSize too, the fastest mix within both. Without a limit 0.03.',
    ),
  keep: z.array(z.string()).default([]).describe('Op types or node names (* for any text) whose weights stay.'),
  minElements: z.number().int().min(1).default(MIN_STORED).describe('Smallest weight that is worth another form.'),
});

export type FitOptions = z.output<typeof fitOptions>;

export const fit = definePass({
  name: 'fit',
  summary:
    'Stores each weight in 16, 8 or 4 bits or as it is, so that the file or the error stays below a limit; within both it is as fast as can be.',
  fidelity: 'lossy',
  needs: ['types', 'repeats'],
  opset: 21,
  options: fitOptions,
  async run(model, options, context) {
    const { trials } = context;
    const key = `fit ${JSON.stringify(options)}`;
    const remembered = trials?.memory.get(key) as FoundForms | undefined;
    const hasCalls = handedIn(model, options.minElements).length > 0;
    const flat = hasCalls ? cloneModel(model) : model;
    if (hasCalls) inlineAll(flat);
    const isSame = remembered && isOf(remembered, flat);
    const found = isSame ? remembered : await find(flat, options, context);
    if (!found) return;
    trials?.memory.set(key, found);
    if (hasCalls)
      context.note(
        `local functions that weights are handed to are put in the place of their calls: ${inlineAll(model)}`,
      );
    found.tell(context);
    assign(model, formsIn(model, found, context), context.target);
  },
});

/** The result of a search: forms by the tensors of weights, which copies of a model share, and a function that notes the result. */
interface FoundForms {
  readonly forms: ReadonlyMap<Tensor, FitForm>;
  tell(context: PassContext): void;
}

const isOf = ({ forms }: FoundForms, model: Model): boolean => {
  const tensors = new Set(weightSites(model).map(({ tensor }) => tensor));
  return [...forms.keys()].every((tensor) => tensors.has(tensor));
};

/** The forms that were found, without the places that the pass is kept from. */
const formsIn = (model: Model, { forms }: FoundForms, { leaves, skip }: PassContext): Assignment =>
  new Map(
    weightSites(model).flatMap(({ value, tensor, uses }) => {
      const form = forms.get(tensor);
      const left = form && uses.map(({ node }) => leaves(node)).find((reason) => reason !== undefined);
      if (left) skip(left, value);
      return form && !left ? [[value, form] as const] : [];
    }),
  );

/** Searches for the mix within the limits; undefined where nothing changes, and then a note says why. */
async function find(
  model: Model,
  { maxSize, maxError, keep, minElements }: FitOptions,
  context: PassContext,
): Promise<FoundForms | undefined> {
  const { fileBytes, target, trials } = context;
  // With two limits time is what is left to choose by.
  const isTimed = maxSize !== undefined && maxError !== undefined;
  const priced = pricesOf(model, { keep, minElements, isTimed }, context);
  const now = fileBytes(model);
  const bytes = maxSize === undefined ? undefined : sizeOf(maxSize, now);
  if (bytes !== undefined && now <= bytes && !isTimed) {
    context.note(`the file has ${bytesText(now)} already`);
    return undefined;
  }
  if (priced.length === 0) {
    if (bytes !== undefined && now > bytes)
      context.skip(
        `no weight can have another form: the least size that can be had is ${bytesText(now)}; ${bytesText(Math.floor(bytes))} were asked for`,
      );
    return undefined;
  }
  const times = isTimed ? await timed(model, priced, trials, target) : undefined;
  const weights = times?.weights ?? priced;
  const effects = await effectsOf(model, weights, trials, target);
  const { measured, groups } = effects;
  const outlook = new Outlook(weights, effects);
  const search: FitSearch = { model, weights, outlook, calibration: new Calibration(), trials, target, fileBytes };
  const error = maxError ?? (bytes === undefined ? DEFAULT_ERROR : undefined);
  const mix = await mixWithin(search, { bytes, error });
  if (typeof mix === 'string') {
    context.skip(mix);
    return undefined;
  }
  const forms = weights.flatMap(({ site, forms: all }, i) => {
    const form = all[mix.choice[i] as number]?.form;
    return form ? [[site.tensor, form] as const] : [];
  });
  return {
    forms: new Map(forms),
    tell(told) {
      told.note(measuredText(mix, measured, groups));
      if (times) told.note(timeText(outlook.savedMs(mix.choice), times));
      if (mix.choice.some((at, i) => isDynamic(weights[i]?.forms[at]?.form)))
        told.note(saturatesOn(context.targetCpu) ? EXACT_CPUS : INEXACT_CPUS);
      tellForms(search, mix, told);
    },
  };
}

function measuredText({ predicted, measured }: Mix, runs: number, groups: number): string {
  const about = `predicted ${numberText(predicted)}, measured ${measured === undefined ? 'nothing' : numberText(measured)}`;
  return `error of the mix: ${about}; what fewer bits do to the outputs was measured for ${runs} of ${groups} groups of weights`;
}

/** What the mix saves by the times of its products, and whether these were measured. */
function timeText(savedMs: number, { raced, pairs }: TimedWeights): string {
  const how = raced === pairs ? 'each measured' : `${raced} measured and the others estimated`;
  return `the fastest mix within both limits: its products save ${msText(savedMs)} of a run on one core (of ${pairs} sizes and forms of products, ${how})`;
}

const isInteger = (form: FitForm | undefined): boolean =>
  form !== undefined && ('block' in form || 'blocks' in form || isDynamic(form));

/** Notes how many weights have each form, and for weights that stay the cost of their next form. */
function tellForms({ weights, outlook }: FitSearch, { choice }: Mix, context: PassContext): void {
  const byForm = new Map<string, { count: number; bytes: number; was: number }>();
  weights.forEach(({ site, forms }, i) => {
    const chosen = forms[choice[i] as number] as PricedWeight['forms'][number];
    const text = formText(chosen.form);
    const sum = byForm.get(text) ?? { count: 0, bytes: 0, was: 0 };
    byForm.set(text, { count: sum.count + 1, bytes: sum.bytes + chosen.bytes, was: sum.was + site.tensor.byteLength });
    const next = forms.findIndex(({ form, bytes }) => isInteger(form) && bytes < chosen.bytes);
    if (next < 0 || isInteger(chosen.form)) return;
    // Costs are rounded to one digit, so that similar ones share a note.
    const cost = Number(seenOf(outlook.noiseIn(i, next)).toPrecision(1));
    const stays = chosen.form ? text : site.tensor.type;
    context.skip(`it stays ${stays}: ${formText(forms[next]?.form)} would cost an error of ${cost}`, site.value);
  });
  for (const [text, { count, bytes, was }] of byForm)
    context.note(`${count} × ${text}: ${bytesText(was)} → ${bytesText(bytes)} (${percentText(bytes / was)})`);
}
