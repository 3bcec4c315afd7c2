/** How a job ended: which passes are in the result, which were taken back, and whether the result may be used. */

import { maxOf } from '../ir/collections/lists.js';
import { UsageError, unknownText } from '../ir/text/usage-error.js';
import type { Catalogue } from './parse.js';
import type { Pass } from './pass.js';
import type { PassReport, Report } from './report/report.js';

type EndedPass = Pick<PassReport, 'name' | 'status' | 'verdict' | 'rewrites' | 'skips'>;

/**
 * The passes that were asked for, those that are in the result, and those that are not because they gave other numbers: the pass broke its
 * gate, or running its rewrites refuted every one.
 */
export function outcomeOf(passes: readonly EndedPass[]): Report['outcome'] {
  return {
    asked: passes.map(({ name }) => name),
    done: passes.flatMap(({ name, status }) => (status === 'applied' ? [name] : [])),
    takenBack: passes.flatMap((pass) => {
      const reason = takenBackBy(pass);
      return reason === undefined ? [] : [{ pass: pass.name, reason }];
    }),
  };
}

function takenBackBy({ status, verdict, rewrites }: EndedPass): string | undefined {
  if (status === 'rolled back') return verdict?.detail ?? 'it broke its gate';
  const refuted = status === 'unchanged' ? rewrites?.refuted[0] : undefined;
  return refuted && `all its rewrites were refuted: ${refuted.rule}, ${refuted.detail}`;
}

/** The gate of passes that have to be in the result; none where none has to be. */
export function requireGate(required: readonly string[], passes: readonly EndedPass[]): Report['gates'] {
  if (required.length === 0) return [];
  const missing = required.flatMap((name) => {
    const own = passes.filter((pass) => pass.name === name);
    if (own.some(({ status }) => status === 'applied')) return [];
    const back = own.find(({ status }) => status === 'rolled back');
    if (back) return [`${name} was rolled back, ${back.verdict?.detail}`];
    const refuted = own.flatMap(({ rewrites }) => rewrites?.refuted ?? [])[0];
    if (refuted) return [`${name} was refuted, ${refuted.detail}`];
    const said = own.flatMap(({ skips }) => skips).find(({ places }) => places.length === 0);
    return [said ? `${name} left the model as it is: ${said.reason}` : `${name} found nothing to do`];
  });
  const detail = missing.join('; ') || `${required.join(', ')} applied`;
  return [{ name: 'require', passed: missing.length === 0, detail }];
}

/** Exact passes are believed where nothing could be compared: the report says it, and the exit code. */
export const isBelieved = ({ gates, fidelity }: Pick<Report, 'gates' | 'fidelity'>): boolean =>
  gates.every(({ name, passed }) => passed || (name === 'proof' && fidelity === 'exact'));

/** The gates that a result fails, each with the reason. */
export const failedGates = ({ gates }: Pick<Report, 'gates'>): string[] =>
  gates.filter(({ passed }) => !passed).map(({ name, detail }) => `${name} gate: ${detail}`);

/** The relative L2 of the output that is furthest off; undefined where none was measured. */
export function largestError({ accuracy }: Pick<Report, 'accuracy'>): number | undefined {
  const errors = (accuracy?.outputs ?? []).flatMap(({ relativeL2 }) => relativeL2 ?? []);
  return errors.length > 0 ? maxOf(errors) : undefined;
}

/** Why a result is not what was asked for: a gate fails, or a pass was rolled back. */
export class GateError extends Error {
  override readonly name = 'GateError';
  constructor(
    message: string,
    readonly report: Report,
  ) {
    super(message);
  }
}

/** What to do where a gate fails or a pass is rolled back. */
export interface OnGate {
  /** throw (the default): GateError; report: nothing, the report says it. */
  readonly onGate?: 'throw' | 'report';
  /** A pass that is rolled back is no fault. */
  readonly allowRollback?: boolean;
}

/** Throws GateError where the report says that the result is not what was asked for. */
export function expectGates(report: Report, { onGate, allowRollback }: OnGate): void {
  if (onGate === 'report') return;
  const back = allowRollback ? [] : (report.outcome?.takenBack ?? []);
  const problems = [...failedGates(report), ...back.map(({ pass, reason }) => `${pass} was rolled back: ${reason}`)];
  if (problems.length) throw new GateError(problems.join('; '), report);
}

/** Required passes by their own names. Throws UsageError for one that is unknown, or not among those asked for. */
export function requiredIn(required: readonly string[], asked: readonly Pass[], { passes }: Catalogue): string[] {
  const names = asked.map(({ definition }) => definition.name);
  const known = [...asked, ...passes].map(({ definition }) => definition);
  return required.map((word) => {
    const found = known.find(({ name, aliases }) => name === word || aliases?.includes(word));
    if (!found)
      throw new UsageError(
        `require: ${unknownText(
          'pass',
          word,
          known.map(({ name }) => name),
        )}`,
      );
    if (!names.includes(found.name))
      throw new UsageError(`require: expected one of the passes (${names.join(', ') || 'none'}); found "${word}"`);
    return found.name;
  });
}
