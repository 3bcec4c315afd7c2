/** What several sections say of a report. */
import type { Report } from '../../run/report/report.js';

type Output = NonNullable<Report['accuracy']>['outputs'][number];

/** The passes that were asked for, those in the result, and those that are not, with reasons. */
export function outcomeOf({ outcome, passes }: Report): NonNullable<Report['outcome']> {
  if (outcome) return outcome;
  return {
    asked: passes.map(({ name }) => name),
    done: passes.filter(({ status }) => status !== 'rolled back').map(({ name }) => name),
    takenBack: passes
      .filter(({ status }) => status === 'rolled back')
      .map(({ name, verdict }) => ({ pass: name, reason: verdict?.detail ?? '' })),
  };
}

/** The output that is furthest off. */
export const worstOutput = ({ accuracy }: Report): Output | undefined =>
  [...(accuracy?.outputs ?? [])].sort((a, b) => sizeOf(b.relativeL2) - sizeOf(a.relativeL2))[0];

/** An error as a number that can be compared: what JSON cannot hold is infinite. */
const sizeOf = (error: number | null | undefined): number => (error === null ? Number.POSITIVE_INFINITY : (error ?? 0));

/** Bytes before and after: of the files where they are known, else of the weights. */
export function sizesOf({ inputBytes, output, model }: Report): { what: string; before: number; after: number } {
  if (inputBytes && output) return { what: 'file', before: inputBytes, after: output.bytes };
  return { what: 'weights', before: model.before.bytes, after: model.after.bytes };
}

/** The name of a file without its folders. */
export const baseName = (path: string): string =>
  path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);

/** `−48 %`, `+3 %`; empty where nothing changed. */
export function changeText(before: number, after: number): string {
  const percent = before > 0 ? Math.round((100 * (after - before)) / before) : 0;
  return percent === 0 ? '' : percent > 0 ? `+${percent} %` : `−${-percent} %`;
}

/** The node that a place names: `Softmax "/h.0/Softmax"`. */
export const nodeOf = (place: string): string => /"(.*)"$/s.exec(place)?.[1] ?? place;
