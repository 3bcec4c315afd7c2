/** Outputs of two runs, compared: the numbers of a test. */
import { numbersOf } from '../ir/tensors/numbers.js';
import type { Tensor } from '../ir/tensors/tensor.js';
import { isFloat } from '../ir/types.js';

/** Tensors by name. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/** Throws where outputs differ by more than `within` of the expected output's largest magnitude. */
export function compareTensors(actual: NamedTensors, expected: NamedTensors, within: number): void {
  const expectText = (place: string, found: string | undefined, wanted: string): void => {
    if (found !== wanted) throw new Error(`${place}: expected ${wanted}; found ${found}`);
  };
  expectText('outputs', Object.keys(actual).join(', '), Object.keys(expected).join(', '));
  for (const [name, wanted] of Object.entries(expected)) {
    const tensor = actual[name] as Tensor;
    const place = `output "${name}"`;
    expectText(place, `${tensor.type}[${tensor.shape}]`, `${wanted.type}[${wanted.shape}]`);
    if (wanted.strings) expectText(place, JSON.stringify(tensor.strings), JSON.stringify(wanted.strings));
    else if (within === 0 || !isFloat(wanted.type)) expectBytes(place, tensor.bytes(), wanted.bytes());
    else {
      const error = relativeError(tensor, wanted);
      if (!(error <= within))
        throw new Error(`${place}: expected an error of ${within} of its largest magnitude at most; found ${error}`);
    }
  }
}

/** Largest difference over largest magnitude; infinite where NaN or an infinity stands on one side alone. */
export function relativeError(actual: Tensor, expected: Tensor): number {
  const [a, b] = [numbersOf(actual), numbersOf(expected)];
  let worst = 0;
  let scale = 0;
  for (let i = 0; i < b.length; i++) {
    const [x, y] = [a[i] as number, b[i] as number];
    if (Object.is(x, y)) continue;
    if (!Number.isFinite(y) || !Number.isFinite(x)) return Number.POSITIVE_INFINITY;
    worst = Math.max(worst, Math.abs(x - y));
  }
  for (const y of b) if (Number.isFinite(y)) scale = Math.max(scale, Math.abs(y));
  return worst === 0 ? 0 : worst / Math.max(scale, 1e-30);
}

/** Throws where bytes differ. */
export function expectBytes(place: string, found: Uint8Array, expected: Uint8Array): void {
  const at = found.length === expected.length ? found.findIndex((byte, i) => byte !== expected[i]) : found.length;
  if (at < 0 || (found.length === expected.length && at === found.length)) return;
  throw new Error(`${place}: expected ${expected.length} bytes; found ${found.length}, which differ from byte ${at}`);
}
