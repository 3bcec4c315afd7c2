/** The forms that a weight can be stored in, and their prices: bytes in the file, and the change of the weight. */

import type { Graph } from '../../../src/ir/graph.js';
import { loadsInt4, type Target } from '../../../src/ir/targets/targets.js';
import { derive, largestOf } from '../../../src/ir/tensors/bank.js';
import { elementCount, memoryTensor, type Tensor } from '../../../src/ir/tensors/tensor.js';
import { dataTypes } from '../../../src/ir/types.js';
import type { KnownProducts } from '../moments/measure.js';
import { roundedKnowing } from '../moments/round.js';
import { bytesOf, type Quantized, type StoredWeight } from './decode.js';
import { Encoder } from './encode.js';
import { blockGroups, channelGroups, type Groups } from './groups.js';
import { HalfEncoder } from './half-encoder.js';
import { halfBits } from './half-floats.js';
import { rememberedScales } from './remembered-scales.js';
import type { WeightSite, WeightUse } from './sites.js';

/** A float of 16 bits, or 8 or 4 bits with a scale for each channel or for each block. */
export type StorageForm =
  | { readonly type: 'float16' | 'bfloat16' }
  | { readonly type: 'int8' | 'int4'; readonly block: number | 'channel' };

/** What a form costs. */
export interface StoragePrice {
  /** Bytes of the numbers and their scales. */
  readonly bytes: number;
  /** The norm of the change over the norm of the weight. */
  readonly error: number;
}

/** The largest magnitude of each type's numbers. */
const LEVELS = { int8: 127, int4: 7 } as const;

/** The first opset whose Cast takes each type. */
export const CAST_SINCE = { float16: 6, int8: 6, bfloat16: 13, int4: 21 } as const;

/** Why a target does not load the form. */
export const obstacleOn = ({ type }: StorageForm, target: Target): string | undefined =>
  type === 'int4' && !loadsInt4(target) ? `${target} loads no Cast of ${type}` : undefined;

/** The weight in this form, computed when it is read; or the reason that it cannot have it. `known` is for 8 bits alone. */
export function storedIn(site: WeightSite, form: StorageForm, known?: KnownProducts): StoredWeight | string {
  const since = CAST_SINCE[form.type];
  if ((site.value.graph.opsets.get('') ?? 0) < since)
    return `Cast takes ${form.type} from opset ${since} on (opset:to=${since} raises it)`;
  return onceRaised(site, form, known);
}

/** The same where the model had the opset of the form. */
export function onceRaised(
  { value, tensor, main }: WeightSite,
  form: StorageForm,
  known?: KnownProducts,
): StoredWeight | string {
  if (!('block' in form)) {
    if (dataTypes[tensor.type].bits <= 16) return 'it has 16 bits already';
    const { type } = form;
    return {
      kind: 'float',
      tensor: derive([tensor], type, tensor.shape, (one) =>
        new HalfEncoder(channelGroups(tensor.shape, main), type).bytes(one as Tensor),
      ),
    };
  }
  const groups = groupsOf(tensor.shape, main, form.block);
  const scales = scaleType(tensor, groups, form.type, value.graph);
  return scales ? quantized(tensor, groups, { type: form.type, scales }, known) : 'it holds NaN or infinity';
}

/** Quantizes a tensor: the largest magnitude of each group becomes the largest number. */
function quantized(
  tensor: Tensor,
  groups: Groups,
  { type, scales }: QuantizedTypes,
  known: KnownProducts | undefined,
): Quantized {
  const numbers = derive([tensor], type, groups.shape, function* (one) {
    const steps = stepsOf(one as Tensor, groups, { type, scales }) as Float32Array;
    if (known && type === 'int8') {
      yield* roundedKnowing(one as Tensor, groups, steps, known).chunks() as Iterable<Uint8Array>;
      return;
    }
    const encoder = new Encoder(groups, { scales: steps, largest: LEVELS[type] });
    // Pieces are valid until the next one: all are made in the same memory.
    for (const codes of encoder.codes(one as Tensor)) {
      const bytes = new Uint8Array(codes.buffer, 0, codes.length);
      yield type === 'int8' ? bytes : pairs(bytes);
    }
  });
  const stored = derive([tensor], scales, groups.scales, (one) => {
    const steps = stepsOf(one as Tensor, groups, { type, scales }) as Float32Array;
    const bytes = scales === 'float32' ? new Uint8Array(steps.buffer) : halfBits(steps, scales);
    return memoryTensor(scales, groups.scales, bytes).chunks();
  });
  return { kind: 'quantized', numbers, scales: stored };
}

/** The type of the numbers, and that of their scales. */
interface QuantizedTypes {
  readonly type: keyof typeof LEVELS;
  readonly scales: 'float32' | 'float16' | 'bfloat16';
}

/**
 * Where there are many scales they are stored in 16 bits, rounded up: in float16 where all repeats' are in range, which is closer, else in bfloat16.
 * Undefined where a number is not finite.
 */
function scaleType(
  tensor: Tensor,
  groups: Groups,
  type: keyof typeof LEVELS,
  graph: Graph,
): QuantizedTypes['scales'] | undefined {
  const beyond = largestOf(tensor, (one) => {
    const steps = rememberedScales(one, groups, LEVELS[type]);
    return steps ? Number(!steps.every((step) => step >= LEAST_FLOAT16 && step <= 65504)) : Number.POSITIVE_INFINITY;
  });
  if (beyond === Number.POSITIVE_INFINITY) return undefined;
  if (elementCount(groups.scales) < FEW_SCALES) return 'float32';
  if (beyond === 0) return 'float16';
  return (graph.opsets.get('') ?? 0) < CAST_SINCE.bfloat16 ? 'float32' : 'bfloat16';
}

/** A Cast takes as many bytes as this many scales save. */
const FEW_SCALES = 64;

/** Smaller numbers have fewer digits in float16. */
const SMALLEST_NORMAL = 2 ** -14;

/** From here on float16 has as many digits as bfloat16, and at ordinary sizes three more. */
const LEAST_FLOAT16 = 2 ** -17;

/** The digits that 16 bits drop of a float32 number: all below these bits of it. */
const DROPPED = { float16: 0x1fff, bfloat16: 0xffff } as const;

/** The scale of each group, as it is stored; undefined where a number is not finite. */
function stepsOf(tensor: Tensor, groups: Groups, { type, scales }: QuantizedTypes): Float32Array | undefined {
  const steps = rememberedScales(tensor, groups, LEVELS[type])?.slice();
  if (!steps || scales === 'float32') return steps;
  const bits = new Uint32Array(steps.buffer);
  const dropped = DROPPED[scales];
  for (let i = 0; i < bits.length; i++) {
    const step = steps[i] as number;
    if (scales === 'float16' && step < SMALLEST_NORMAL) steps[i] = Math.ceil(step * 2 ** 24) / 2 ** 24;
    else bits[i] = ((bits[i] as number) + dropped) & ~dropped;
  }
  return steps;
}

/** Puts bytes of 4 bits each in pairs, the first in the low bits, from the start of the same memory: a pair is written where nothing is read any more. */
function pairs(bytes: Uint8Array): Uint8Array {
  const length = Math.ceil(bytes.length / 2);
  for (let i = 0; i < length; i++) bytes[i] = ((bytes[2 * i] as number) & 15) | (((bytes[2 * i + 1] ?? 0) & 15) << 4);
  return bytes.subarray(0, length);
}

/** The price of a form, for the repeat that it changes most; or the reason that the weight cannot have it. `stored`: what `storedIn` gave for it. */
export function priceOf(site: WeightSite, form: StorageForm, stored = storedIn(site, form)): StoragePrice | string {
  if (typeof stored === 'string') return stored;
  return { bytes: bytesOf(stored), error: errorOf(site, form, stored) };
}

function errorOf({ tensor, main }: WeightSite, form: StorageForm, stored: StoredWeight): number {
  const groups = groupsOf(tensor.shape, main, 'block' in form ? form.block : 'channel');
  return largestOf(tensor, (one) => {
    if (!('block' in form)) return new HalfEncoder(groups, form.type).measure(one);
    const scales = (stored as Quantized).scales.type as QuantizedTypes['scales'];
    const steps = stepsOf(one, groups, { type: form.type, scales }) as Float32Array;
    return new Encoder(groups, { scales: steps, largest: LEVELS[form.type] }).measure(one);
  });
}

const groupsOf = (shape: readonly number[], use: WeightUse, block: number | 'channel'): Groups =>
  block === 'channel' ? channelGroups(shape, use) : blockGroups(shape, use, block);
