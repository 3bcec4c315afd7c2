/** The forms that a weight can be stored in, and what each costs: bytes in the file, and the change of the weight. */
import { agreed, derive, largestOf } from '../../../src/ir/bank.js';
import { castTensor } from '../../../src/ir/numbers.js';
import { memoryTensor, type Tensor } from '../../../src/ir/tensor.js';
import { dataTypes } from '../../../src/ir/types.js';
import { toBfloat16Tensor } from '../bfloat16.js';
import { quantizationError, quantizedBytes, scalesOf } from '../quantize.js';
import { bytesOf, type Quantized, type StoredWeight } from './decode.js';
import { blockGroups, channelGroups, type Groups, matrixOf } from './groups.js';
import { roundingError } from './rounding.js';
import type { WeightSite, WeightUse } from './sites.js';

/** A float of 16 bits, or 8 or 4 bits with a scale for each channel or for each block of so many numbers. */
export type StorageForm =
  | { readonly type: 'float16' | 'bfloat16' }
  | { readonly type: 'int8' | 'int4'; readonly block: number | 'channel' };

/** What a form costs. */
export interface StoragePrice {
  /** Of the numbers and their scales. */
  readonly bytes: number;
  /** The norm of the change over the norm of the weight. */
  readonly error: number;
}

/** The largest magnitude of each type's numbers. */
const LEVELS = { int8: 127, int4: 7 } as const;

/** The first opset whose Cast takes each type. */
const CAST_SINCE = { float16: 6, int8: 6, bfloat16: 13, int4: 21 } as const;

/** The weight in this form, computed as it is read; or why not. */
export function storedIn({ value, tensor, main }: WeightSite, form: StorageForm): StoredWeight | string {
  const since = CAST_SINCE[form.type];
  if ((value.graph.opsets.get('') ?? 0) < since) return `Cast takes ${form.type} from opset ${since} on`;
  if (!('block' in form)) {
    if (dataTypes[tensor.type].bits <= 16) return 'it has 16 bits already';
    return {
      kind: 'float',
      tensor: form.type === 'bfloat16' ? toBfloat16Tensor(tensor) : castTensor(tensor, form.type),
    };
  }
  const { type } = form;
  const groups = groupsOf(tensor.shape, main, form.block);
  const isBounded = agreed(tensor, (one) => scalesOf(matrixOf(one, groups), LEVELS[type]) !== undefined);
  if (!isBounded) return 'it holds NaN or infinity';
  return rounded(tensor, groups, type);
}

/** Each number rounded to the nearest of its group's levels, the largest of which is its largest magnitude. */
function rounded(tensor: Tensor, groups: Groups, type: 'int8' | 'int4'): Quantized {
  const scalesFor = (one: Tensor) => scalesOf(matrixOf(one, groups), LEVELS[type]) as Float32Array;
  const layout = { isTransposed: false, stride: groups.columns, zero: 0 };
  const numbers = derive([tensor], type, groups.shape, function* (one) {
    const bytes = quantizedBytes(matrixOf(one as Tensor, groups), scalesFor(one as Tensor), layout);
    if (type === 'int8') yield* bytes;
    else for (const chunk of bytes) yield packed(chunk);
  });
  const scales = derive([tensor], 'float32', groups.scales, (one) =>
    memoryTensor('float32', groups.scales, new Uint8Array(scalesFor(one as Tensor).buffer)).chunks(),
  );
  return { kind: 'quantized', numbers, scales };
}

/** Bytes of 4 bits each, two in one, the first in the low bits. */
function packed(bytes: Uint8Array): Uint8Array {
  const pairs = new Uint8Array(Math.ceil(bytes.length / 2));
  for (let i = 0; i < pairs.length; i++)
    pairs[i] = ((bytes[2 * i] as number) & 15) | (((bytes[2 * i + 1] ?? 0) & 15) << 4);
  return pairs;
}

/** What a form costs, of all repeats the one that it changes most; or why the weight cannot have it. */
export function priceOf(site: WeightSite, form: StorageForm): StoragePrice | string {
  const stored = storedIn(site, form);
  if (typeof stored === 'string') return stored;
  return { bytes: bytesOf(stored), error: errorOf(site, form) };
}

function errorOf({ tensor, main }: WeightSite, form: StorageForm): number {
  return largestOf(tensor, (one) => {
    const matrix = matrixOf(one, groupsOf(one.shape, main, 'block' in form ? form.block : 'channel'));
    if (!('block' in form)) return roundingError(matrix, form.type).whole;
    return quantizationError(matrix, scalesOf(matrix, LEVELS[form.type]) as Float32Array);
  });
}

const groupsOf = (shape: readonly number[], use: WeightUse, block: number | 'channel'): Groups =>
  block === 'channel' ? channelGroups(shape, use) : blockGroups(shape, use, block);
