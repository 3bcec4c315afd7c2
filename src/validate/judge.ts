/** What a comparison amounts to: the one judgement behind the accuracy gate and the pipeline's verifier. */
import type { Verdict } from '../run/verify.js';
import type { Provider } from '../runtime/isolate.js';
import type { Comparison } from './compare.js';
import { type Gate, summaryOf, unproven, violations } from './gates.js';
import type { AccuracyReport, GateResult } from './index.js';

/** A kernel that the CPU lacks: what a model that is for another provider fails for here, whatever its numbers are. */
export const lacksKernel =
  /could not find an implementation|not implemented|unsupported data type|cannot exchange tensors/i;

/** Takes the outputs that prove nothing away from those that were compared, and says why. */
export function provable(comparison: Comparison, gate: Gate): Comparison {
  const open = comparison.outputs.flatMap((output) => {
    const reason = unproven(output, gate);
    return reason === undefined ? [] : [{ name: output.name, reason }];
  });
  const isOpen = new Set(open.map(({ name }) => name));
  return {
    ...comparison,
    outputs: comparison.outputs.filter(({ name }) => !isOpen.has(name)),
    notCompared: [...comparison.notCompared, ...open],
  };
}

/** `absent` is the provider that the result is meant for, where it does not work here and the CPU stood in. */
export function judge({ outputs, failures, notCompared }: Comparison, gate: Gate, absent?: Provider): Verdict {
  const broken = outputs.flatMap((output) => violations(output, gate).map((text) => `"${output.name}": ${text}`));
  if (absent && !broken.length && failures.length && failures.every((text) => lacksKernel.test(text)))
    return { outcome: 'unknown', detail: `${absent} does not work here, and on the CPU: ${failures[0]}` };
  const problems = [...failures, ...broken];
  if (problems.length) return { outcome: 'rejected', detail: problems.slice(0, 3).join('; ') };
  if (!outputs.length && notCompared.length) {
    const [{ name, reason }] = notCompared as [Comparison['notCompared'][number]];
    return { outcome: 'unknown', detail: name ? `"${name}": ${reason}` : reason };
  }
  return { outcome: 'accepted', detail: summaryOf(outputs, gate, notCompared.length > 0) };
}

/** The accuracy gate. `isExplicit`: a limit was asked for, so that it has to be shown to hold. */
export function accuracyGate(accuracy: AccuracyReport, isExplicit: boolean, absent?: Provider): GateResult {
  const { outcome, detail } = judge(accuracy, accuracy.gate, absent);
  // What cannot be compared is no proof of an error, but a limit that was asked for has not been shown to hold.
  if (outcome === 'unknown') return { name: 'accuracy', passed: !isExplicit, detail: `not compared: ${detail}` };
  return { name: 'accuracy', passed: outcome === 'accepted', detail };
}
