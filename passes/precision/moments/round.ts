/** Rounds the numbers of a weight such that its products with the activations change least, not the weight. */
import { memoryTensor, type Tensor } from '../../../src/ir/tensors/tensor.js';
import { floatChunks } from '../extent.js';
import { groupAt } from '../quantize.js';
import type { Groups } from '../weights/groups.js';
import type { KnownProducts } from './measure.js';

/** The whole numbers of a weight in 8 bits; each stands for itself times the step of its group. */
export function roundedKnowing(tensor: Tensor, groups: Groups, steps: Float32Array, known: KnownProducts): Tensor {
  const { channels, length, isByColumn, feedback } = known;
  const numbers = wholeOf(tensor, channels * length);
  const codes = new Int8Array(numbers.length);
  const errors = new Float32Array(length);
  const [across, along] = isByColumn ? [1, channels] : [length, 1];
  for (let channel = 0; channel < channels; channel++)
    for (let k = 0, at = channel * across; k < length; k++, at += along) {
      const step = steps[groupOf(groups, at)] as number;
      const exact = numbers[at] as number;
      const code = Math.floor((exact + feedback.carried(errors, k, 0, k)) / step + 0.5);
      codes[at] = code > LARGEST ? LARGEST : code < -LARGEST ? -LARGEST : code;
      errors[k] = exact - (codes[at] as number) * step;
      feedback.took(k, errors[k] as number);
    }
  return memoryTensor('int8', groups.shape, new Uint8Array(codes.buffer));
}

const LARGEST = 127;

const groupOf = ({ columns, rowGroups, columnGroups }: Groups, at: number): number =>
  groupAt(rowGroups, Math.floor(at / columns)) + groupAt(columnGroups, at % columns);

function wholeOf(tensor: Tensor, count: number): Float32Array {
  const whole = new Float32Array(count);
  let at = 0;
  for (const numbers of floatChunks(tensor)) {
    whole.set(numbers, at);
    at += numbers.length;
  }
  return whole;
}
