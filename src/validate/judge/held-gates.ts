/** Lists the conditions on a result. */

import { append } from '../../ir/collections/lists.js';
import { HOST } from '../../ir/targets/targets.js';
import { ratioText } from '../../ir/text/quantities.js';
import { proofGate } from '../../run/verify/verifier.js';
import type { PlacementReport } from '../placement.js';
import { SAME } from '../speed/timing.js';
import type { AccuracyReport, GateResult, ValidateOptions, Validation } from '../validation.js';
import { accuracyGate } from './judge.js';

/** The conditions that apply: accuracy, or the missing proof of it where no limit was asked for; the others on request. */
export function gatesOf(
  accuracy: AccuracyReport,
  { speed, notTimed }: Pick<Validation, 'speed' | 'notTimed'>,
  placement: PlacementReport | undefined,
  { minSpeedup, failOnFallback, maxError, minCosine, absent }: ValidateOptions,
): GateResult[] {
  const isExplicit = maxError !== undefined || minCosine !== undefined;
  const unproven = proofGate(accuracy.verdict);
  const found: GateResult[] = unproven.length > 0 && !isExplicit ? [] : [accuracyGate(accuracy.verdict, isExplicit)];
  if (minSpeedup !== undefined) {
    const ratio = speed ? (speed.significant ? speed.ratio : 1) : notTimed === SAME ? 1 : 0;
    const measured = speed
      ? `${ratioText(speed.ratio)} (${speed.significant ? 'significant' : 'not significant'})`
      : (notTimed ?? 'not measured');
    found.push({ name: 'speed', passed: ratio >= minSpeedup, detail: `${measured}, limit ${minSpeedup}×` });
  }
  if (failOnFallback) {
    const ops = Object.entries(placement?.fallbacks ?? {}).map(([op, count]) => `${count} ${op}`);
    const isKnown = placement !== undefined || (accuracy.provider === HOST && absent === undefined);
    const source = placement?.source === 'tables' ? `, predicted by the kernel tables of ${placement.provider}` : '';
    const unknown = placement?.states?.unknown ? ` (${placement.states.unknown} of them unknown)` : '';
    const detail = isKnown ? `other providers run ${ops.join(', ') || 'no node'}${unknown}${source}` : 'not measured';
    found.push({ name: 'placement', passed: isKnown && ops.length === 0, detail });
  }
  append(found, unproven);
  return found;
}
