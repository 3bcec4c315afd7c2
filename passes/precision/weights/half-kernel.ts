/** Rounds weights to floats of 16 bits by the kernels, to the same bits as `HalfEncoder`'s loops. */
import { halfKinds } from '../../../src/ir/kernels/halves.js';
import { giveBack, takeKernels } from '../../../src/ir/kernels/module.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import { rowBlocks } from '../quantize.js';
import type { Groups } from './groups.js';
import type { HalfFloat } from './half-floats.js';

/** Numbers that are read, rounded and written while they are in the cache. */
const BLOCK = 1 << 16;

/** Fewer neighbours are rounded one by one. */
const FEW = 8;

/** True where there is a kernel for the layout: nothing is summed, or neighbours are of neighbouring channels. */
const hasKernel = ({ type }: Tensor, { columns, channels }: Groups): boolean =>
  (type === 'float32' || type === 'bfloat16') &&
  (!channels ||
    (columns >= FEW &&
      channels.columns.step === 1 &&
      channels.columns.block === 1 &&
      channels.rows.step === 0 &&
      channels.count === columns));

/** The bytes in order, each piece valid until the next; undefined where there is no kernel for it. */
export function halvesByKernel(tensor: Tensor, groups: Groups, type: HalfFloat): Iterable<Uint8Array> | undefined {
  const own = hasKernel(tensor, groups) ? takeKernels() : undefined;
  if (!own) return undefined;
  const { columns, channels } = groups;
  const [numbers, bits] = [own.reserve(4 * BLOCK), own.reserve(2 * BLOCK)];
  const sums = own.reserve(channels ? 8 * columns : 0);
  if (channels) own.doubles(sums, columns).fill(0);
  const matrix = { tensor, columns: 1 };
  return (function* () {
    for (const [first, count] of rowBlocks(matrix, BLOCK, () => own.floats(numbers, BLOCK))) {
      if (channels)
        own.run.halveRows(numbers, count, first % columns, columns, sums, bits, Number(type === 'bfloat16'));
      else own.run.halfBits(numbers, count, bits, halfKinds[type]);
      yield own.bytes(bits, 2 * count);
    }
    giveBack(own);
  })();
}
