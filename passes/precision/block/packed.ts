/** The tensors of a weight in blocks, derived from the weight when they are read. */
import { derive } from '../../../src/ir/tensors/bank.js';
import { CHUNK, type Tensor } from '../../../src/ir/tensors/tensor.js';
import { type BlockForm, type BlockMatrix, blocksOf, bytesIn, codeBytes, zeroBytes } from './form.js';
import type { Importance } from './importance.js';
import { type QuantizedBand, quantizedBands } from './quantizer.js';

/** A weight in blocks: codes [N, blocks, bytes of a block], scales [N, blocks] of float32, zero points [N, bytes]. */
export interface BlockTensors {
  readonly codes: Tensor;
  readonly scales: Tensor;
  readonly zeros: Tensor | undefined;
}

/** The weight in blocks, computed as it is read. `factor` multiplies the scales. */
export function blockTensors(matrix: BlockMatrix, form: BlockForm, importance?: Importance, factor = 1): BlockTensors {
  const { tensor, N } = matrix;
  const blocks = blocksOf(matrix, form);
  const bandsFor = (one: Tensor | undefined) => remembered({ ...matrix, tensor: one as Tensor }, form, importance);
  const part = (type: 'uint8' | 'float32', shape: readonly number[], of: (band: QuantizedBand) => Uint8Array) =>
    derive([tensor], type, shape, function* (one) {
      for (const band of bandsFor(one)) {
        const bytes = of(band);
        for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK);
      }
    });
  return {
    codes: part('uint8', [N, blocks, codeBytes(matrix, form) / blocks], ({ codes }) => codes),
    scales: part('float32', [N, blocks], ({ scales }) => {
      const own = factor === 1 ? scales : scales.map((scale) => scale * factor);
      return new Uint8Array(own.buffer, own.byteOffset, own.byteLength);
    }),
    zeros: form.isSymmetric ? undefined : part('uint8', [N, zeroBytes(matrix, form)], ({ zeros }) => zeros),
  };
}

interface Remembered {
  /** Both weak, so that no model outlives its use. */
  readonly tensor: WeakRef<Tensor>;
  readonly importance: WeakRef<Importance> | undefined;
  readonly isTransposed: boolean;
  readonly form: BlockForm;
  readonly bands: readonly QuantizedBand[];
  readonly bytes: number;
}

/** The most bytes of a result that is kept, which is that of the last weight: a writer reads all parts of a weight in a row. */
const KEPT = 1 << 26;
/** The most bytes of all results, if there are several. */
const TOGETHER = 1 << 24;
const kept: Remembered[] = [];

function* remembered(
  matrix: BlockMatrix,
  form: BlockForm,
  importance: Importance | undefined,
): Iterable<QuantizedBand> {
  const { tensor, isTransposed } = matrix;
  const isSame = (one: Remembered) =>
    one.tensor.deref() === tensor &&
    one.isTransposed === isTransposed &&
    (importance ? one.importance?.deref() === importance : !one.importance) &&
    (['bits', 'block', 'isSymmetric', 'isNormal', 'isNearest'] as const).every((part) => one.form[part] === form[part]);
  const known = kept.find(isSame);
  const bytes = bytesIn(matrix, form);
  if (known) yield* known.bands;
  else if (bytes > KEPT) yield* quantizedBands(matrix, form, importance);
  else {
    // Those before it go first, not beside it.
    forget(bytes);
    const bands = [...quantizedBands(matrix, form, importance)];
    const weak = { tensor: new WeakRef(tensor), importance: importance && new WeakRef(importance) };
    kept.unshift({ ...weak, isTransposed, form, bands, bytes });
    yield* bands;
  }
}

/** Keeps the last results that fit beside one of so many bytes. */
function forget(bytes: number): void {
  let sum = bytes;
  const end = kept.findIndex((one) => (sum += one.bytes) > TOGETHER);
  if (end >= 0) kept.length = end;
}
