/** Makes a verdict of a proof, for the accuracy gate and for the pipeline's verifier alike. */

import { appendTo, maxOf, minOf } from '../../ir/collections/lists.js';
import { numberText } from '../../ir/text/quantities.js';
import type { Fidelity } from '../../run/pass.js';
import type { Verdict } from '../../run/verify/verifier.js';
import type { Provider } from '../../runtime/isolate.js';
import { type ComparisonFailure, worstByOutput } from '../compare.js';
import type { Feeds } from '../inputs/feeds.js';
import { kindOf } from '../inputs/kinds.js';
import { pooledOf } from '../meaning/measures.js';
import { lacksKernel, type Proof, type WeighedEvidence } from '../proof.js';
import type { Reference } from '../reference.js';
import type { GateResult } from '../validation.js';
import type { OutputAccuracy } from './accuracy.js';
import { type Gate, summaryOf } from './gates.js';
import { weighMeaning } from './weigh.js';

/** The findings, sorted by their effect on the verdict. */
export interface Judgement {
  readonly verdict: Verdict;
  /** The worst of each measure, by output, over the inputs that the gate covers. */
  readonly outputs: readonly OutputAccuracy[];
  /** Failures of the inputs that count. */
  readonly failures: readonly string[];
  readonly notCompared: readonly { readonly name: string; readonly reason: string }[];
  /** The inputs that no promise covers, and the findings on inputs that do not count. */
  readonly warnings: readonly string[];
  /** Outputs whose error comes from the runtime's own optimizations. */
  readonly notes: readonly string[];
}

export interface JudgeOptions {
  readonly gate: Gate;
  readonly fidelity: Fidelity;
  /** The machine of the measurement, in words. */
  readonly where: string;
  /** The result's provider, where it does not work here and the CPU stood in. */
  readonly absent?: Provider;
}

/**
 * True for inputs of ordinary size. Every pass has to hold there: an input of unknown meaning need not be any larger.
 */
const isOrdinary = ({ kind }: Feeds): boolean => kind === undefined || kind.largest <= kindOf('normal').largest;

/** Judges by the inputs that count: given ones, or else made-up ones. */
export function judge(reference: Reference, proof: Proof, options: JudgeOptions): Judgement {
  const { gate, fidelity, absent } = options;
  const feedsOf = (run: number | undefined): Feeds | undefined => reference.runs[run ?? -1]?.feeds;
  const hasData = reference.runs.some(({ feeds }) => feeds.source === 'data');
  const counts = ({ run }: { readonly run: number | undefined }): boolean =>
    run === undefined || !hasData || feedsOf(run)?.source === 'data';
  // A rounding pass promises its error up to a size of numbers; an exact one for all.
  const isBound = ({ run }: { readonly run: number | undefined }): boolean =>
    fidelity === 'exact' || hasData || run === undefined || isOrdinary(feedsOf(run) as Feeds);
  const broken = (list: readonly WeighedEvidence[]): Problem[] =>
    list.flatMap(({ run, output, outcome, words }) =>
      outcome === 'beyond'
        ? words.map((text) => ({ run, text: `"${output.name}": ${text}`, error: output.relativeL2 }))
        : [],
    );
  const counted = proof.evidence.filter(counts);
  const faults: readonly ComparisonFailure[] = proof.failures.filter(counts);
  const problems = [...faults, ...broken(counted), ...strayed(counted.filter(isBound), options)];
  const final = problems.filter(isBound);
  const beyond = problems.filter((one) => !isBound(one));
  const lost = new Set(beyond.map(({ run }) => run));
  const smallest = minOf([...lost].map((run) => feedsOf(run)?.kind?.largest ?? 0));
  const sizes = reference.runs.flatMap(({ feeds: { kind } }) => (kind && kind.largest < smallest ? kind.largest : []));
  /** Names of the kinds of numbers that some runs were fed, the smallest first. */
  const kindsOf = (list: readonly Problem[]): string => {
    const kinds = list.flatMap(({ run }) => feedsOf(run)?.kind ?? []).sort((a, b) => a.largest - b.largest);
    return [...new Set(kinds.map(({ name }) => name))].join(', ');
  };
  const idle = [...proof.failures, ...broken(proof.evidence)].filter((one) => !counts(one));
  const warnings = [
    ...(beyond.length
      ? [`holds for inputs up to ${maxOf(sizes, 0)}, not for ${kindsOf(beyond)}: ${told(beyond)[0]}`]
      : []),
    ...(idle.length
      ? [
          `on made-up inputs${kindsOf(idle) && ` (${kindsOf(idle)})`}, which do not count beside the given ones: ${fewOf(told(idle))}`,
        ]
      : []),
  ];
  const held = counted.filter(({ run }) => !lost.has(run));
  const open = held.flatMap(({ output, outcome, words }) =>
    outcome === 'unproven' ? [{ name: output.name, reason: words.join(', ') }] : [],
  );
  const worst = worstByOutput(held.filter(({ outcome }) => outcome !== 'unproven'));
  const notCompared = [
    ...reference.notCompared,
    ...proof.notCompared,
    ...open.filter(
      ({ name }, i) => open.findIndex((one) => one.name === name) === i && !worst.some((one) => one.name === name),
    ),
  ];
  const verdict = ((): Verdict => {
    const isLost = faults.length > 0 || counted.some(({ output }) => output.nonFiniteMismatches > 0);
    const error = isLost
      ? Number.POSITIVE_INFINITY
      : maxOf(
          counted.map(({ output }) => output.relativeL2),
          0,
        );
    if (absent && final.length && final.length === faults.length && faults.every(({ text }) => lacksKernel.test(text)))
      return { outcome: 'unknown', detail: `${absent} does not work here, and on the CPU: ${faults[0]?.text}` };
    const scope = scopeOf(reference, proof, options.where);
    if (final.length) return { outcome: 'rejected', detail: `${told(final).slice(0, 3).join('; ')}${scope}`, error };
    const [first] = notCompared;
    if (!worst.length && first)
      return { outcome: 'unknown', detail: first.name ? `"${first.name}": ${first.reason}` : first.reason };
    return {
      outcome: 'accepted',
      detail: `${widened(held) ?? summaryOf(worst, gate, notCompared.length > 0)}${scope}`,
      error: maxOf(
        worst.map(({ relativeL2 }) => relativeL2),
        0,
      ),
      ...(warnings.length > 0 && { warnings }),
    };
  })();
  return { verdict, outputs: worst, failures: told(faults), notCompared, warnings, notes: optimizedNotes(held, worst) };
}

/** A condition that does not hold, and the error behind it. */
interface Problem {
  readonly run: number | undefined;
  readonly text: string;
  readonly error?: number;
}

/** The texts of problems, each once: of texts that differ in their numbers alone, the one with the largest error. */
function told(list: readonly Problem[]): string[] {
  const worst = new Map<string, Problem>();
  for (const one of list) {
    const key = one.error === undefined ? one.text : one.text.replace(/(": | )[\d.]+(e[+-]?\d+)?/g, '$1#');
    const known = worst.get(key);
    if (!known || (one.error ?? 0) > (known.error ?? 0)) worst.set(key, one);
  }
  return [...worst.values()].map(({ text }) => text);
}

/** At most this many are named. */
const FEW = 3;

const fewOf = (texts: readonly string[]): string =>
  `${texts.slice(0, FEW).join('; ')}${texts.length > FEW ? `, and ${texts.length - FEW} more` : ''}`;

/** An error this many times the pass's own is listed beside it. */
const APART = 2;

/** Notes on outputs whose worst error comes from the runtime's optimizations: the error without these. */
function optimizedNotes(held: readonly WeighedEvidence[], worst: readonly OutputAccuracy[]): string[] {
  const largest = (name: string, isOptimized: boolean): number =>
    maxOf(
      held
        .filter(({ form, output }) => output.name === name && (form === 'optimized') === isOptimized)
        .map(({ output }) => output.relativeL2),
    );
  return worst.flatMap(({ name, relativeL2 }) => {
    const [optimized, own] = [largest(name, true), largest(name, false)];
    return relativeL2 > NEGLIGIBLE && Number.isFinite(own) && optimized > APART * own
      ? [`"${name}": ${numberText(optimized)} with the runtime's optimizations, ${numberText(own)} without them`]
      : [];
  });
}

/** A smaller error is one of float32 sums. */
const NEGLIGIBLE = 1e-4;

/** The scope of a statement about accuracy: its inputs, its arithmetic and the machine. */
function scopeOf({ runs }: Reference, { evidence }: Proof, where: string): string {
  const given = runs.filter(({ feeds }) => feeds.source === 'data').length;
  const count = given || runs.length;
  const inputs = count
    ? `${count} ${given ? 'given' : 'made-up'} ${count === 1 ? 'set' : 'sets'} of inputs`
    : 'no inputs';
  const isEmulated = evidence.some(({ form }) => form === 'emulated');
  return ` (${inputs}; ${where}${isEmulated ? ', and emulated: 16 bits rounded, integer sums exact' : ''})`;
}

/** The largest error that is allowed past the gate, with the reason; undefined where there is none. */
function widened(held: readonly WeighedEvidence[]): string | undefined {
  const [worst] = held
    .filter(({ outcome, words }) => outcome === 'within' && words.length > 0)
    .sort((a, b) => b.output.relativeL2 - a.output.relativeL2);
  return worst && `"${worst.output.name}": ${worst.words.join(', ')}`;
}

/** The broken limits of meanings, measured over all runs in one form, since one run may have too few answers. */
function strayed(
  list: readonly WeighedEvidence[],
  { gate, fidelity }: JudgeOptions,
): { run: undefined; text: string }[] {
  const groups = new Map<string, WeighedEvidence[]>();
  for (const one of list) {
    const key = `${one.form} ${one.output.name}`;
    appendTo(groups, key, one);
  }
  return [...groups.values()].flatMap((group) => {
    const measure = pooledOf(group.map(({ output }) => output.meaning));
    if (!measure) return [];
    const [noise, yardstick] = [pooledOf(group.map((one) => one.noise)), pooledOf(group.map((one) => one.yardstick))];
    const { outcome, words } = weighMeaning(measure, gate, fidelity, { noise, yardstick });
    return outcome === 'beyond'
      ? words.map((text) => ({ run: undefined, text: `"${group[0]?.output.name}": ${text}` }))
      : [];
  });
}

/** The accuracy gate. `isExplicit`: the user asked for a limit, so it must be shown to hold. */
export function accuracyGate({ outcome, detail }: Verdict, isExplicit: boolean): GateResult {
  // A missing comparison proves no error, but leaves a requested limit unproven.
  if (outcome === 'unknown') return { name: 'accuracy', passed: !isExplicit, detail: `not compared: ${detail}` };
  return { name: 'accuracy', passed: outcome === 'accepted', detail };
}
