/** What accuracy was measured on, and in which arithmetic, in words. */
import type { Report } from '../run/report.js';
import { counted, numberText } from './style.js';

type Accuracy = NonNullable<Report['accuracy']>;

/** `3 given sets of inputs, 4 made up with seed 0`. */
export function inputsText(inputs: readonly string[], seed: number): string {
  const made = inputs.filter((about) => about.startsWith('generated')).length;
  const given = inputs.length - made;
  if (!given) return `${counted(made, 'set')} of inputs made up with seed ${seed}`;
  return `${counted(given, 'given set')} of inputs${made ? `, ${made} made up with seed ${seed}` : ''}`;
}

export const formTexts = {
  plain: 'as it computes',
  optimized: "with the runtime's optimizations",
  emulated: 'with 16 bits rounded and integer sums exact',
} as const;

export const arithmeticText = ({ forms = [] }: Accuracy): string => forms.map((form) => formTexts[form]).join(' and ');

/** What the runtime does to the original without any pass: beside it an error of ours is small or large. */
export function ownText({ runtimeOwn = [] }: Accuracy): string[] {
  const [worst] = [...runtimeOwn].sort((a, b) => (b.relativeL2 ?? 0) - (a.relativeL2 ?? 0));
  return worst
    ? [`the runtime's own optimizations move the original's "${worst.name}" by ${numberText(worst.relativeL2)}`]
    : [];
}
