/** The ranges of each convolution that cost the outputs least, measured one by one. */
import { minOf } from '../../../../src/ir/collections/lists.js';
import type { Model } from '../../../../src/ir/model.js';
import type { Value } from '../../../../src/ir/value.js';
import type { ActivationStatistics, MeasureActivations } from '../../../../src/run/activations.js';
import type { ConvCandidate } from './choose.js';
import { errorsOf } from './errors.js';
import { type ByteRange, rangeKinds, rangeOf } from './ranges.js';

/** Each convolution in these ranges, and what it costs alone, on the sets that the ranges are of. */
export async function inBestRanges(
  model: Model,
  candidates: readonly ConvCandidate[],
  measured: ReadonlyMap<Value, ActivationStatistics>,
  measure: MeasureActivations,
): Promise<{ readonly candidates: readonly ConvCandidate[]; readonly alone: readonly number[] }> {
  const variants = candidates.map((one) => inEachRange(one, measured));
  const tried = variants.flat();
  const errors = await errorsOf(
    model,
    tried.map(({ conv }) => [conv]),
    measure,
    'others',
  );
  const errorOf = new Map(tried.map((one, at) => [one, errors[at] as number]));
  const best = variants.map((list) => {
    const least = minOf(list.map((one) => errorOf.get(one) as number));
    return list.find((one) => errorOf.get(one) === least) ?? (list[0] as ConvCandidate);
  });
  return { candidates: best, alone: best.map((one) => errorOf.get(one) as number) };
}

/** The candidate as it is, and in other kinds of ranges where these differ. */
function inEachRange(one: ConvCandidate, measured: ReadonlyMap<Value, ActivationStatistics>): ConvCandidate[] {
  const [input, output] = [one.conv.input, one.conv.output].map((value) => measured.get(value));
  const found = new Map([[keyOf(one.conv.inputRange, one.conv.outputRange), one]]);
  for (const kind of rangeKinds) {
    const [inputRange, outputRange] = [input && rangeOf(input, kind), output && rangeOf(output, kind)];
    if (!inputRange || !outputRange) continue;
    const key = keyOf(inputRange, outputRange);
    if (!found.has(key)) found.set(key, { ...one, conv: { ...one.conv, inputRange, outputRange } });
  }
  return [...found.values()];
}

const keyOf = (...ranges: ByteRange[]): string => ranges.map(({ scale, zero }) => `${scale} ${zero}`).join();
