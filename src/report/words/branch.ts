/** The branches that no set of inputs reached. */
import type { Report } from '../../run/report/report.js';
import { counted } from '../style.js';

/** Named so many; the JSON has them all. */
const NAMED = 3;

/** `3 of 4 branches ran; never: else of If "x"`, where some did not run. */
export function branchTexts({ branches }: Pick<NonNullable<Report['accuracy']>, 'branches'>): string[] {
  if (!branches) return [];
  const { ran, total, never, unknown } = branches;
  const rest = never.length > NAMED ? ` and ${never.length - NAMED} more` : '';
  return [
    ...(ran < total
      ? [`${ran} of ${counted(total, 'branch', 'branches')} ran; never: ${never.slice(0, NAMED).join(', ')}${rest}`]
      : []),
    ...(unknown > 0 ? [`${counted(unknown, 'If')} in loops or functions: which branches ran is not known`] : []),
  ];
}
