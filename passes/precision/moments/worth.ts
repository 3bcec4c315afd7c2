/** Whether biases that take back shifts of means bring the outputs nearer: both ways are run, as a correction by means may make worse what single numbers decide. */
import { appendTo, maxOf } from '../../../src/ir/collections/lists.js';
import type { Model } from '../../../src/ir/model.js';
import { elementCount, type Tensor } from '../../../src/ir/tensors/tensor.js';
import type { Value } from '../../../src/ir/value.js';
import type { PassContext } from '../../../src/run/pass.js';
import type { Alternative, ErrorsWith } from '../../../src/run/trials.js';
import { decodedTensor } from '../weights/decode.js';
import type { MeanShifts, NarrowSite } from '../weights/narrow-site.js';
import { isRepeated, LARGEST } from '../weights/priced.js';
import { shiftedBias } from './biases.js';

const MEMORY = 'whether biases take back shifts of means';

/** The shifts, or none where the outputs are nearer without them. Where that cannot be run, they are taken back. */
export async function shiftsWorthTaking(
  model: Model,
  sites: readonly NarrowSite[],
  shifts: MeanShifts,
  { trials, note }: PassContext,
): Promise<MeanShifts> {
  const bytes = sites.reduce((sum, { site }) => sum + 4 * elementCount(site.tensor.shape), 0);
  const biases = new Map<Value, Float32Array[]>();
  for (const { site } of sites) {
    const shift = shifts.get(site.tensor);
    if (shift) appendTo(biases, shift.bias, shift.numbers);
  }
  if (!trials || biases.size === 0 || bytes > LARGEST || isRepeated(model, sites)) return shifts;
  const rounded = sites.map(
    ({ site, stored }): Alternative => ({ value: site.value, tensor: decodedTensor(stored, site.tensor.shape) }),
  );
  const shifted = [...biases].map(
    ([value, all]): Alternative => ({ value, tensor: shiftedBias(value.tensor as Tensor, all) }),
  );
  const alternatives = [...rounded, ...shifted];
  const worst = async (errorsWith: ErrorsWith, count: number): Promise<number> =>
    maxOf((await errorsWith([...Array(count).keys()])).map((one) => one?.error ?? 0));
  const isWorse =
    (trials.memory.get(MEMORY) as boolean | undefined) ??
    (await trials.switched(
      model,
      alternatives,
      async (errorsWith) => (await worst(errorsWith, alternatives.length)) > (await worst(errorsWith, rounded.length)),
    ));
  trials.memory.set(MEMORY, isWorse);
  if (!isWorse) return shifts;
  note('shifts of means are not taken back by biases: the outputs are nearer without that');
  return new Map();
}
