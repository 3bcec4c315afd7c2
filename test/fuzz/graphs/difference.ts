/**
 * How far a result may be from its original, and where it is further.
 *
 * Limits are of an output's largest finite number: 2e-5 for float32 (a sum of 256 products in another order moves by less than
 * 256·2⁻²⁴ of its terms), 1e-9 for float64, 1e-2 for float16 (a result may round where the original did not), and for
 * what is stored in 8 bits one step. Where that is not kept, the original itself is asked: every float that it computes is moved by a
 * few units in its last place (`shaken`), and an output that this moves as far, or to NaN, says nothing there.
 */
import { numbersOf } from '../../../src/ir/tensors/numbers.js';
import { isFloat } from '../../../src/ir/types.js';
import type { TensorData } from '../../../src/runtime/protocol.js';
import { fromTensorData } from '../../../src/runtime/tensor-data.js';

export type Outputs = Readonly<Record<string, TensorData>>;

const limits: Readonly<Record<string, number>> = { float32: 2e-5, float64: 1e-9, float16: 1e-2 };

export interface Difference {
  readonly output: string;
  readonly text: string;
}

const numbers = (tensor: TensorData): ArrayLike<number> => numbersOf(fromTensorData(tensor));

/** The first output that is further off than its limit, and than the original under shaking is from itself. */
export function differenceOf(expected: Outputs, found: Outputs, shaken: readonly Outputs[]): Difference | undefined {
  for (const [output, wanted] of Object.entries(expected)) {
    const given = found[output];
    if (!given) return { output, text: 'is missing' };
    const [a, b] = [wanted, given].map(({ type, shape }) => `${type}[${shape}]`);
    // Sizes that depend on numbers move with them.
    if (a !== b) {
      if (shaken.some((one) => String(one[output]?.shape) !== String(wanted.shape))) continue;
      return { output, text: `expected ${a}; found ${b}` };
    }
    const text = tensorDifference(
      wanted,
      given,
      shaken.flatMap((one) => one[output] ?? []),
    );
    if (text) return { output, text };
  }
  return undefined;
}

function tensorDifference(wanted: TensorData, given: TensorData, shaken: readonly TensorData[]): string | undefined {
  if (!(wanted.data instanceof Uint8Array)) {
    const at = wanted.data.findIndex((text, i) => text !== given.data[i]);
    return at < 0 || shaken.some(({ data }) => data[at] !== wanted.data[at])
      ? undefined
      : `text ${at}: expected "${wanted.data[at]}"; found "${given.data[at]}"`;
  }
  const [x, y] = [numbers(wanted), numbers(given)];
  const moved = shaken.map(numbers).filter(({ length }) => length === x.length);
  let scale = 0;
  for (let i = 0; i < x.length; i++) if (Number.isFinite(x[i])) scale = Math.max(scale, Math.abs(x[i] as number));
  const limit = isFloat(wanted.type) ? (limits[wanted.type] ?? 0) * scale : 0;
  // The farthest that any element is moved: rows of one tensor are as ill-conditioned as the worst of them.
  let most = 0;
  for (const one of moved)
    for (let i = 0; i < x.length; i++) most = Math.max(most, distance(x[i] as number, one[i] as number));
  for (let i = 0; i < x.length; i++) {
    const off = distance(x[i] as number, y[i] as number);
    if (off <= limit) continue;
    if (moved.length > 0 && off <= SLACK * most) continue;
    return `element ${i}: expected ${x[i]}; found ${y[i]} (scale ${scale.toPrecision(3)}${moved.length > 0 ? `, shaking moves ${most.toPrecision(3)}` : ''})`;
  }
  return undefined;
}

/** How many times as far as it is moved by shaking. */
const SLACK = 30;

function distance(a: number, b: number): number {
  if (Object.is(a, b) || a === b || (Number.isNaN(a) && Number.isNaN(b))) return 0;
  return Number.isFinite(a) && Number.isFinite(b) ? Math.abs(a - b) : Number.POSITIVE_INFINITY;
}
