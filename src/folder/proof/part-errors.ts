/** Each part of the result on what the original's part was given: its own error, whatever came before. */
import { maxOf } from '../../ir/collections/lists.js';
import { type ProgressListener, paceOf } from '../../ir/text/progress.js';
import { numberText } from '../../ir/text/quantities.js';
import type { PipelineProof } from '../../run/folder-report.js';
import type { Provider, RuntimeProcess } from '../../runtime/isolate.js';
import { compareTensors } from '../../validate/judge/accuracy.js';
import type { Gate } from '../../validate/judge/gates.js';
import { type PartRun, type Place, withPart } from './place.js';

type PartError = PipelineProof['parts'][number];

/** The error of every part: that of the run that is furthest off, counted from 1 where a part ran several times. */
export async function partErrors(
  runs: readonly PartRun[],
  place: Place,
  provider: Provider,
  runtime: RuntimeProcess,
  say: ProgressListener,
): Promise<PartError[]> {
  const found: PartError[] = [];
  for (const part of new Set(runs.map((run) => run.part))) {
    const own = runs.filter((run) => run.part === part);
    const pace = paceOf(own.length);
    const errors = await withPart(runtime, place, part, provider, async (session) => {
      const each: number[] = [];
      for (const { feeds, outputs } of own) {
        say(part, pace(each.length));
        each.push(furthest(outputs, (await session.run(feeds)).outputs));
      }
      return each;
    });
    const error = maxOf(errors);
    found.push({ part, error, ...(errors.length > 1 && { step: errors.indexOf(error) + 1 }) });
  }
  return found;
}

/** The largest relative L2; infinite where one side alone has NaN, or outputs have other shapes. */
function furthest(expected: PartRun['outputs'], actual: PartRun['outputs']): number {
  let worst = 0;
  for (const [name, one] of Object.entries(expected)) {
    const other = actual[name];
    // An empty cache says nothing.
    if (!other || one.shape.includes(0)) continue;
    if (String(other.shape) !== String(one.shape)) return Number.POSITIVE_INFINITY;
    const { relativeL2, nonFiniteMismatches } = compareTensors(name, one, other);
    worst = Math.max(worst, nonFiniteMismatches ? Number.POSITIVE_INFINITY : relativeL2);
  }
  return worst;
}

/** A gate for each part. */
export const partGates = (parts: readonly PartError[], { maxError }: Gate): PipelineProof['gates'] =>
  parts.map(({ part, error, step }) => ({
    name: part,
    passed: error <= maxError,
    detail: `error ${numberText(error)}${step && !(error <= maxError) ? ` in step ${step}` : ''} on what the original pipeline gives it, at most ${numberText(maxError)}`,
  }));
