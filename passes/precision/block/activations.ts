/** Measures the activations of products on the user's inputs: once for a pass, before its first edit. */
import type { Value } from '../../../src/ir/value.js';
import type { ActivationStatistics } from '../../../src/run/activations.js';
import type { PassContext } from '../../../src/run/pass.js';
import type { Product } from '../product.js';
import { TriangleFeedback } from './feedback.js';
import { type Importance, importanceOf } from './importance.js';
import { weightKey } from './weights.js';

/** The most bytes of XᵀX of all activations together; for further ones only the means of squares are measured. */
const MOST = 2 ** 29;

/** The importances by `weightKey`; empty without inputs. Where a weight multiplies several activations, the first counts. */
export async function importances(
  products: readonly Product[],
  { activations, simulated, note }: PassContext,
): Promise<ReadonlyMap<string, Importance>> {
  const measurable = products.filter(({ isActivationTransposed }) => !isActivationTransposed);
  const sizes = new Map(measurable.map(({ activation, weight }) => [activation, weight.K] as const));
  const measure = activations ?? simulated;
  if (!measure || sizes.size === 0) return new Map();
  let room = MOST;
  const requests = [...sizes].flatMap(([value, K]) => {
    const gram = K <= TriangleFeedback.MOST && 4 * K * K <= room;
    if (gram) room -= 4 * K * K;
    // Means on made-up inputs say nothing about importance.
    if (!gram && !activations) return [];
    return [{ value, gram, withGram: (statistics: ActivationStatistics) => take(value, statistics) }];
  });
  const known = new Map<Value, Importance>();
  let broken = 0;
  function take(value: Value, statistics: ActivationStatistics): void {
    const isUsable = isBounded(statistics);
    const importance = isUsable && importanceOf(statistics, sizes.get(value) as number);
    if (importance) known.set(value, importance);
    if (!isUsable) broken++;
  }
  const measured = await measure(requests);
  for (const { value, gram } of requests) {
    const statistics = measured.get(value);
    if (statistics && !gram) take(value, statistics);
  }
  const fed = [...known.values()].filter(({ feedback }) => feedback instanceof TriangleFeedback).length;
  const how = activations ? 'measured' : 'measured on made-up inputs';
  const text = (count: number) => (count === 1 ? '1 activation' : `${count} activations`);
  if (fed > 0) note(`${text(fed)} ${how}: numbers are rounded knowing the errors of those before them`);
  if (fed < known.size)
    note(
      `${text(known.size - fed)} measured by channel alone: more than ${TriangleFeedback.MOST} channels, or no room`,
    );
  if (broken > 0)
    note(`${text(broken)} ${how} in vain: NaN, infinity, or squares beyond float32; taken as if nothing were measured`);
  const found = new Map<string, Importance>();
  for (const { activation, weight } of measurable.toReversed()) {
    const importance = known.get(activation);
    if (importance) found.set(weightKey(weight), importance);
  }
  return found;
}

const isBounded = ({ meanSquares, gram }: ActivationStatistics): boolean =>
  [meanSquares, gram ?? []].every((numbers) => numbers.every(Number.isFinite));
