/** The whole model again: every repeat that was left out is stamped out of what the passes made of its stand-ins. */

import type { Model } from '../../ir/model.js';
import { sweep } from '../../ir/whole-model/sweep.js';
import type { ShortRun } from '../short-run.js';
import { partsToStamp } from './stamp.js';
import { stamped } from './stamper.js';

/** Why the repeats cannot be stamped out: stand-ins are not alike. Undefined where they can. Edits nothing. */
export function differenceIn(model: Model, runs: readonly ShortRun[]): string | undefined {
  for (const run of runs) {
    const parts = partsToStamp(model, run);
    if (typeof parts === 'string') return parts;
  }
  return undefined;
}

/** A copy with all repeats; the reason where stand-ins are not alike. */
export function wholeOf(model: Model, runs: readonly ShortRun[]): Model | string {
  let whole = model;
  for (const run of runs) {
    const parts = partsToStamp(whole, run);
    if (typeof parts === 'string') return parts;
    whole = stamped(whole, run, parts);
  }
  sweep(whole);
  return whole;
}
