/**
 * A stopwatch whose races are kept: what was raced before, in this run, another one or on another machine of the kind, is not raced again. Equal
 * races have equal keys: the structure of both models at the sizes that they run at, and everything that a time depends on.
 */

import { createHash } from 'node:crypto';
import { type Dim, dimText, type SymbolName } from '../../ir/dims/dims.js';
import { substitute } from '../../ir/dims/substitute.js';
import { numberedText } from '../../ir/dims/symbols.js';
import type { Model } from '../../ir/model.js';
import { msText } from '../../ir/text/quantities.js';
import { structureOf } from '../../run/tune/structure.js';
import type { SessionChoice, Stopwatch, TimedOutcome } from '../../run/tune/trial.js';
import { typicalSizes } from '../inputs/sizes.js';
import { racePointsOf, sizesIn } from './stopwatch.js';

/** What a time depends on besides the models. */
export interface RaceConditions {
  readonly provider: string;
  readonly device: string;
  /** Of onnxruntime. */
  readonly runtime: string;
  /** Of this package. */
  readonly version: string;
}

/** A race as a cache keeps it. */
export interface KeptRace extends RaceConditions {
  /** ISO 8601. */
  readonly measured: string;
  readonly outcome: TimedOutcome;
}

/** Where races are kept: a file. */
export interface RaceStore {
  get(key: string): KeptRace | undefined;
  /** Resolves once it is kept; where that fails, for this run alone. */
  set(key: string, race: KeptRace): Promise<void>;
  /** Why races are kept for this run alone by now. */
  readonly fault: string | undefined;
}

export interface KeepOptions {
  /** None: races are kept for this run alone. */
  readonly store?: RaceStore;
  readonly conditions: RaceConditions;
  /** Sizes of symbolic dims, by name, that the stopwatch runs at. */
  readonly dims?: Readonly<Record<string, number>>;
  /** Milliseconds for all races; what is left then is not measured. */
  readonly budgetMs?: number;
}

export function keptStopwatch<Watch extends Stopwatch>(
  watch: Watch,
  { store, conditions, dims = {}, budgetMs = Number.POSITIVE_INFINITY }: KeepOptions,
): Watch {
  let spentMs = 0;
  const race: Stopwatch['race'] = async (without, changed, whole, session) => {
    const key = keyOf([without, changed], whole, conditions, { dims, session });
    const kept = store?.get(key);
    if (kept) return { ...kept.outcome, cached: kept.measured };
    if (spentMs >= budgetMs)
      return {
        kind: 'unknown',
        reason: `not measured: the ${msText(budgetMs)} of --tune-budget are spent${store ? ', and another run goes on from here' : ''}`,
      };
    const began = performance.now();
    const outcome = await watch.race(without, changed, whole, session);
    spentMs += performance.now() - began;
    if (outcome.kind === 'timed') await store?.set(key, { ...conditions, measured: new Date().toISOString(), outcome });
    return outcome;
  };
  return { ...watch, race };
}

/** The digest of both structures with sizes in place of symbols, at every size that is raced. */
function keyOf(
  models: readonly Model[],
  whole: Model,
  conditions: RaceConditions,
  { dims = {}, session }: Pick<KeepOptions, 'dims'> & { readonly session: SessionChoice | undefined },
): string {
  const texts = racePointsOf(whole).flatMap((point) => {
    const sizes = { ...sizesIn(whole, typicalSizes[0]), ...dims, ...point.dims };
    const bindings = new Map<SymbolName, Dim>(Object.entries(sizes));
    return models.map((model) => {
      const numbered = numberedText();
      const text = (dim: Dim): string => {
        const sized = substitute(dim, bindings);
        return typeof sized === 'number' ? dimText(sized) : numbered(sized);
      };
      return structureOf(model, text);
    });
  });
  const { provider, device, runtime, version } = conditions;
  return createHash('sha256')
    .update(JSON.stringify([provider, device, runtime, version, session, ...texts]))
    .digest('hex');
}
