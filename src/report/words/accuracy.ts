/** The inputs and the arithmetic that accuracy was measured on, in words. */
import { numberText } from '../../ir/text/quantities.js';
import type { Report } from '../../run/report/report.js';
import { counted } from '../style.js';

type Accuracy = NonNullable<Report['accuracy']>;

/** `3 given sets of inputs, 4 made up with seed 0`. */
export function inputsText(inputs: readonly string[], seed: number): string {
  const made = inputs.filter((about) => about.startsWith('generated')).length;
  const given = inputs.length - made;
  if (!given) return `${counted(made, 'set')} of inputs made up with seed ${seed}`;
  return `${counted(given, 'given set')} of inputs${made ? `, ${made} made up with seed ${seed}` : ''}`;
}

/** The arithmetic of hardware that this machine may not be. */
export const EMULATED = '16 bits rounded, integer sums exact';

const formTexts = {
  plain: 'plain',
  optimized: "with the runtime's optimizations",
  emulated: `emulated (${EMULATED})`,
} as const;

/** `; run plain, emulated (16 bits rounded, integer sums exact) and with the runtime's optimizations`; empty where nothing was. */
export function arithmeticText({ forms = [] }: Accuracy): string {
  const texts = forms.map((form) => formTexts[form]);
  const last = texts.pop();
  return last === undefined ? '' : `; run ${texts.length ? `${texts.join(', ')} and ` : ''}${last}`;
}

/** What the runtime does to the original without any pass: beside it an error of ours is small or large. */
export function ownText({ runtimeOwn = [] }: Accuracy): string[] {
  const [worst] = [...runtimeOwn].sort((a, b) => (b.relativeL2 ?? 0) - (a.relativeL2 ?? 0));
  return worst
    ? [`the runtime's own optimizations change the original's "${worst.name}" by ${numberText(worst.relativeL2)}`]
    : [];
}

/** Nothing could be compared, and that fails the gate of the proof. */
export const isNoProof = ({ name, passed }: Report['gates'][number]): boolean => name === 'proof' && !passed;

/** True of a gate that nothing was held against: it has not been passed, it only does not stand in the way. */
export const isOpenGate = ({ name, passed }: Report['gates'][number], accuracy: Report['accuracy']): boolean =>
  passed && name === 'accuracy' && accuracy?.outputs.length === 0;
