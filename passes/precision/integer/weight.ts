/** Makes the constants of a weight of products: signed bytes K × N and a scale for each column, shared by all products that read it. */
import { agreed, derive } from '../../../src/ir/tensors/bank.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import type { Value } from '../../../src/ir/value.js';
import { vouchForPairs } from '../../../src/run/cpus.js';
import type { Weight } from '../product.js';
import { columnBytes } from './bytes.js';
import { columnScalesOf } from './columns.js';
import { type RowBytes, turned } from './lookups.js';
import type { ProductWeight } from './sizes.js';

export interface ColumnWeight {
  readonly bytes: Value;
  /** The byte that stands for zero; undefined for signed bytes. */
  readonly zero: Value | undefined;
  /** The scales times a factor, made once for each factor. */
  scales(factor: number): Value;
  /** The weight in the form of lookups, made once. */
  rows(): RowBytes;
}

export interface ColumnOptions {
  /** True where sums must be exact on CPUs that saturate. */
  readonly isExact: boolean;
  readonly maxWeightError: number;
  /** True for bytes from 0 to 255, of which 128 stands for zero. */
  readonly isUnsigned?: boolean | undefined;
}

/** The constants, in the scope of the weight; or the reason that there are none. */
export function columnWeightOf(
  weight: Weight,
  { isExact, maxWeightError, isUnsigned }: ColumnOptions,
): ColumnWeight | string {
  const { stored, tensor, K, N } = weight;
  const { graph, name } = stored;
  // Scales are kept, because they are read again with the weight; they are one number for each column.
  const known = new WeakMap<Tensor, Float32Array>();
  const reason = agreed(tensor, (one) => {
    const found = columnScalesOf(storedWeight(weight, one, isExact));
    if (!found) return 'its weight holds NaN or infinity';
    known.set(one, found.scales);
    return found.error > maxWeightError
      ? `its weight would change by more than ${maxWeightError} of its norm (option maxWeightError)`
      : undefined;
  });
  if (reason) return reason;
  const scalesOf = (one: Tensor): Float32Array =>
    known.get(one) ?? (columnScalesOf(storedWeight(weight, one, isExact))?.scales as Float32Array);
  const tensorOfBytes = derive([tensor], 'int8', [K, N], (one) =>
    columnBytes(storedWeight(weight, one as Tensor, isExact), scalesOf(one as Tensor)),
  );
  if (isExact) vouchForPairs(tensorOfBytes);
  const bytes = isUnsigned
    ? graph.constant(raised(tensorOfBytes), `${name}_uint8`)
    : graph.constant(tensorOfBytes, `${name}_int8`);
  const zero = isUnsigned ? graph.constant(tensorOf('uint8', MIDDLE), `${name}_zero`) : undefined;
  const scales = once((factor: number) => {
    const values = derive([tensor], 'float32', [N], (one) => {
      const own = scalesOf(one as Tensor);
      return tensorOf('float32', factor === 1 ? own : own.map((scale) => scale * factor)).chunks();
    });
    return graph.constant(values, `${name}_scale`);
  });
  let made: RowBytes | undefined;
  const rows = (): RowBytes => {
    made ??= turned({ bytes, zero, scales: scales(1), K, N });
    return made;
  };
  return { bytes, zero, scales, rows };
}

/** The unsigned byte that stands for zero. */
const MIDDLE = 128;

/** Signed bytes as unsigned ones: in two's complement, 128 more is the highest bit turned. */
const raised = (tensor: Tensor): Tensor =>
  derive([tensor], 'uint8', tensor.shape, function* (source) {
    for (const chunk of (source as Tensor).chunks()) yield chunk.map((byte) => byte ^ MIDDLE);
  });

/** The norm of the change over the norm of the weight, without a constant made of it; undefined where it holds NaN or infinity. */
export const columnErrorOf = (weight: Weight, isExact: boolean): number | undefined =>
  columnScalesOf(storedWeight(weight, weight.tensor, isExact))?.error;

function storedWeight({ tensor, isTransposed, N }: Weight, one: Tensor, isPaired: boolean): ProductWeight {
  const [rows, columns] = tensor.shape as [number, number];
  const each = { block: 1, step: 1 };
  const together = { block: 1, step: 0 };
  const [rowGroups, columnGroups] = isTransposed ? [each, together] : [together, each];
  return { matrix: { tensor: one, rows, columns, groups: N, rowGroups, columnGroups }, isTransposed, isPaired };
}

/** A function that remembers its results. */
function once<Key, Made>(make: (key: Key) => Made): (key: Key) => Made {
  const made = new Map<Key, Made>();
  return (key) => {
    const found = made.get(key) ?? make(key);
    made.set(key, found);
    return found;
  };
}
