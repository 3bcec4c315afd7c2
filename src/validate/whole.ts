/** Compares whole models: the one before runs once until it changes, and the gate of the passes' fidelity decides. */

import type { Model } from '../ir/model.js';
import { HOST } from '../ir/targets/targets.js';
import { ModelError } from '../ir/text/errors.js';
import type { Fidelity } from '../run/pass.js';
import type { Deadline, TimeOptions } from '../run/pipeline/deadline.js';
import type { TargetCpu } from '../run/target-cpu.js';
import type { Verdict } from '../run/verify/verifier.js';
import { sharedRuntime } from '../runtime/evaluate.js';
import { onceMore, type Provider, RuntimeError, uncheckedText } from '../runtime/isolate.js';
import { runLimitsOf } from '../runtime/limits.js';
import type { FeedOptions } from './inputs/feeds.js';
import type { GateOptions } from './judge/gates.js';
import { attainable, gateOf } from './judge/gates.js';
import { judge } from './judge/judge.js';
import { lacksKernel, prove } from './proof.js';
import { type Reference, referenceOf } from './reference.js';
import type { ReferenceOptions } from './reference-runs.js';
import { rowsAlone } from './rows-alone.js';
import type { ComparedModel } from './sides/compared-model.js';
import { foreignTo, placeOf } from './sides/place.js';
import { type PreparedModel, prepareModel } from './sides/prepared-model.js';
import { namingOverflow, withPortsOf } from './sides/same-ports.js';
import { standInOf } from './sides/stand-in.js';
import { twinOf } from './sides/twin.js';

/** The limits hold for whole models and rewrites alike. */
export interface VerifierOptions extends FeedOptions, GateOptions, TimeOptions {
  /** The provider that the result is meant for; default cpu. */
  readonly target?: Provider;
  /** The CPUs that the result is meant for; default all. */
  readonly targetCpu?: readonly TargetCpu[];
  /** A file or folder with inputs, in place of made-up ones. */
  readonly inputs?: string;
}

/**
 * Passes are proven on the CPU, whatever their target: a result must not depend on the devices of the machine that
 * builds it. Arithmetic that the CPU does not have is emulated.
 */
export const HERE = HOST;

/**
 * The outputs of this many models are kept: of the model that passes are held against, and of its stand-in. They hold
 * all outputs of all sets.
 */
const KEPT = 2;

export type Comparer = (before: Model, after: Model, fidelity: Fidelity) => Promise<Verdict>;

/** How many sets of inputs there are, and for how long more of them may run. */
export type SetLimits = Pick<ReferenceOptions, 'mostSets' | 'setsBudgetMs'>;

/** Creates a comparison; without a deadline all of it is done each time. */
export function comparerOn(options: VerifierOptions, sets: () => SetLimits, deadline?: Deadline): Comparer {
  const target = options.target ?? HOST;
  const references = new Map<Model, { revision: number; reference: Reference | string }>();
  let isStarted = false;
  const referenceFor = async (model: Model): Promise<Reference | string> => {
    const known = references.get(model);
    if (known?.revision === model.revision) return known.reference;
    const prepared = await prepareModel(model);
    let reference: Reference | string;
    try {
      reference = await referenceOf(await sharedRuntime(), model, prepared.source, {
        ...options,
        provider: HERE,
        ...sets(),
        isRounded: true,
      });
    } catch (error) {
      if (isKilled(error)) throw error;
      // Inputs that cannot be made up leave nothing to compare, as does an original that does not run. Given inputs
      // that do not fit the first model are the user's error; a later model may have other ports.
      const isLater = isStarted && error instanceof ModelError;
      if (!(error instanceof RuntimeError || error instanceof RangeError || isLater)) throw error;
      reference = error.message;
    } finally {
      prepared.close();
    }
    references.delete(model);
    const [oldest] = references.keys();
    if (oldest && references.size === KEPT) references.delete(oldest);
    references.set(model, { revision: model.revision, reference });
    isStarted = true;
    return reference;
  };

  const compare: Comparer = async (before, after, fidelity) => {
    let first = twinOf(before, after)?.model ?? before;
    let reference = await referenceFor(first);
    const standIn = typeof reference === 'string' ? standInOf(first, reference) : undefined;
    if (standIn) {
      first = standIn;
      reference = await referenceFor(standIn);
    }
    if (typeof reference === 'string')
      return {
        outcome: 'unknown',
        detail: `the model before does not run: ${reference}`,
        ...((target === HERE || !lacksKernel.test(reference)) && { failed: 'original' }),
      };
    const attained = attainable(fidelity, before);
    const gate = gateOf(attained, HERE, options);
    const runtime = await sharedRuntime();
    runtime.limits = runLimitsOf(first);
    const preparedModels: PreparedModel[] = [];
    const comparedModel = (model: Model): ComparedModel => {
      let written: Promise<PreparedModel> | undefined;
      const write = async (): Promise<PreparedModel> => {
        const prepared = await prepareModel(model);
        preparedModels.push(prepared);
        return prepared;
      };
      return { model, runtime, prepared: () => (written ??= write()) };
    };
    try {
      const ports = withPortsOf(first, after);
      const [original, result] = [comparedModel(first), comparedModel(ports?.model ?? after)];
      const proof = await prove(reference, original, result, {
        ...{ provider: HERE, forms: ['plain', 'emulated'], gate, fidelity: attained, seed: options.seed ?? 0 },
        foreign: await foreignTo(target, options.targetCpu),
        isCoarse: fidelity === 'exact' && attained === 'rounding',
        deadline,
      });
      const absent = target === HERE ? undefined : target;
      const { verdict } = judge(reference, proof, { gate, fidelity: attained, absent, where: placeOf(HERE) });
      const rows =
        verdict.outcome === 'accepted'
          ? await rowsAlone(runtime, original, result, { gate, seed: options.seed })
          : undefined;
      return rows ?? namingOverflow(verdict, reference, ports);
    } finally {
      for (const prepared of preparedModels) prepared.close();
    }
  };
  return (before, after, fidelity) => checked(() => compare(before, after, fidelity));
}

const isKilled = (error: unknown): error is RuntimeError => error instanceof RuntimeError && error.kind === 'killed';

/** Runs a check; its verdict is `unknown` where the process is killed twice. */
export async function checked(work: () => Promise<Verdict>): Promise<Verdict> {
  try {
    return await onceMore(work);
  } catch (error) {
    if (!isKilled(error)) throw error;
    return { outcome: 'unknown', detail: uncheckedText(error), failed: 'checker' };
  }
}
