/** Which block costs the accuracy, in words, and what that was measured on. */
import { numberText, percentText } from '../../ir/text/quantities.js';
import type { Report } from '../../run/report/report.js';
import { inputsText, isNoProof } from './accuracy.js';

type Errors = NonNullable<Report['errors']>;
type BlockError = Errors['byBlock'][number];

/** `layer 7`: repeats are counted from 1. */
export const blockName = ({ block, repeat }: Pick<BlockError, 'block' | 'repeat'>): string =>
  repeat === undefined ? block : `${block} ${repeat + 1}`;

/**
 * The block in which the error grows most, its share of all growth, and what was left out for time: an error that a block takes over from those before it is not its own. Undefined
 * where nothing was measured, or all is within the noise of sums.
 */
export function errorSource({ errors }: Pick<Report, 'errors'>): string | undefined {
  if (!errors?.first || errors.byBlock.length === 0) return undefined;
  const cut = errors.cut === undefined ? '' : ` (${errors.cut})`;
  let [largest, most, from] = [0, 0, 0];
  let worst: BlockError | undefined;
  for (const one of errors.byBlock) {
    if (one.relativeL2 === null) return `The error becomes infinite in ${blockName(one)}${cut}.`;
    if (one.relativeL2 - largest > most) [worst, most, from] = [one, one.relativeL2 - largest, largest];
    largest = Math.max(largest, one.relativeL2);
  }
  if (!worst) return undefined;
  if (worst.block === UNNAMED && worst.repeat === undefined)
    return `${loneText(errors.first, worst, errors.byBlock.length)}${cut}.`;
  const grown = `from ${numberText(from)} to ${numberText(from + most)}`;
  const share = `adds ${percentText(most / largest)} of the error`;
  return `The error grows most in ${blockName(worst)} (${worst.at}), ${grown}: it ${share}, more than any other of ${errors.byBlock.length} parts${cut}.`;
}

/**
 * The source of the error for a view of few lines, or why there is none; undefined where nobody would ask: all is exact, within the noise of sums,
 * or another line says that nothing could be compared.
 */
export function sourceText(
  report: Pick<Report, 'errors' | 'gates'> & Partial<Pick<Report, 'fidelity'>>,
): string | undefined {
  const { errors, gates, fidelity } = report;
  const source = errorSource(report);
  if (source !== undefined || !errors || fidelity === 'exact' || gates.some(isNoProof)) return source;
  const [why, from] = errors.reason === undefined ? [errors.cut, 'whole'] : [errors.reason, 'by block'];
  return why === undefined ? undefined : `The error was not measured ${from}: ${why}.`;
}

/** The part of nodes that no block holds and no scope names. */
const UNNAMED = 'other';

/** Of such a part its name says nothing: the node does at which the error begins, where that is in it. */
function loneText(first: NonNullable<Errors['first']>, worst: BlockError, parts: number): string {
  const [node, ...others] = first.nodes;
  const isIn = first.block === UNNAMED && first.repeat === undefined;
  const begins = `begins at ${node ?? first.at}${others.length > 0 ? `, or at ${others.length} more before ${first.at}` : ''}`;
  const ends = `${numberText(worst.relativeL2 ?? Number.POSITIVE_INFINITY)} at ${worst.at}`;
  if (parts === 1)
    return `The error ${begins} (${numberText(first.relativeL2 ?? Number.POSITIVE_INFINITY)}), and is ${ends}`;
  return `The error grows most in nodes that no block holds, to ${ends}${isIn ? `: it ${begins}` : ''}`;
}

/** On what the errors by block were measured; undefined of an older report, which does not say. */
export function sourceInputs({ errors, target, seed }: Pick<Report, 'errors' | 'target' | 'seed'>): string | undefined {
  if (!errors?.provider || !errors.inputs) return undefined;
  const elsewhere = target === errors.provider ? '' : `, not on ${target}: errors of its kernels are not in it`;
  return `Measured on ${errors.provider}${elsewhere}, with ${inputsText(errors.inputs, seed)}.`;
}
