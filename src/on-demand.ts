/** Comparing two models, for users: loads what runs models when it is called. */

import { z } from 'zod';
import { type Abortable, abortable } from './abortable.js';
import type { Model } from './ir/model.js';
import { abortSignal, any, called, optionsIn, text, truth } from './ir/options/options.js';
import type { ProgressListener } from './ir/text/progress.js';
import { UsageError } from './ir/text/usage-error.js';
import { type PassesLike, parsePasses } from './run/parse.js';
import type { Fidelity } from './run/pass.js';
import type { Report } from './run/report/report.js';
import { loosest } from './run/verify/verifier.js';
import { choice, milliseconds, provider, reference, type SchemasOf, settings } from './settings/option-schemas.js';
import { builtIn } from './settings/plugins.js';
import type { ValidateOptions, Validation } from './validate/validation.js';

/** The source of the allowed error: the passes that made the result, their report, or a fidelity. */
export interface ResultOrigin {
  readonly fidelity?: Fidelity;
  readonly passes?: PassesLike;
  readonly report?: Pick<Report, 'fidelity'>;
}

const validateOptions = z.object({
  ...settings(
    'passes',
    'targetCpu',
    'maxError',
    'minCosine',
    'minSpeedup',
    'failOnFallback',
    'speed',
    'rollout',
    'timeBudget',
    'allowOutsideData',
  ),
  ...reference,
  provider: settings('target').target,
  fidelity: choice(['exact', 'rounding', 'lossy']),
  report: any,
  budgetMs: milliseconds,
  patience: any,
  timeoutMs: milliseconds,
  onProgress: called<ProgressListener>(),
  signal: abortSignal,
  absent: provider,
  isUnchanged: truth,
  resultFile: text,
  deadline: any,
  baseline: any,
  profile: truth,
} satisfies SchemasOf<ValidateOptions & ResultOrigin & Abortable>);

/**
 * Runs a result and its original in child processes: accuracy, speed, and the placement of nodes. A failure of the
 * runtime becomes part of the returned report; `gates` tells whether the result passes. Throws ModelError for files
 * that are no models, UsageError for an unknown option, and where neither `report`, `passes` nor `fidelity` gives the
 * allowed error.
 */
export async function validate(
  original: string | Uint8Array | Model,
  result: string | Uint8Array | Model,
  options: ValidateOptions & ResultOrigin & Abortable = {},
): Promise<Validation> {
  const checked = optionsIn(validateOptions, options, 'validate');
  const fidelity = fidelityOf(checked);
  return abortable(checked.signal, async () =>
    (await import('./validate/index.js')).validate(original, result, { ...checked, fidelity }),
  );
}

function fidelityOf({ fidelity, passes, report }: ResultOrigin): Fidelity {
  const found =
    fidelity ??
    report?.fidelity ??
    (passes === undefined
      ? undefined
      : loosest(parsePasses(passes, builtIn).map(({ definition }) => definition.fidelity)));
  if (found) return found;
  throw new UsageError(
    "validate: expected report, passes or fidelity, which say how far numbers may be apart; found none. E.g. fidelity: 'exact'",
  );
}

/**
 * Ends the shared child process, which verifies passes and folds constants; the next use starts another. Node ends
 * without this call: it serves a program that goes on, and wants the memory back.
 */
export async function closeRuntime(): Promise<void> {
  await (await import('./runtime/evaluate.js')).closeRuntime();
}
