/** The kernels for floats of 16 bits against their twins in JavaScript: bit for bit. */
import { expect, it } from 'vitest';
import { bfloat16Bits } from '../../../passes/precision/bfloat16.js';
import { channelGroups, matrixOf } from '../../../passes/precision/weights/groups.js';
import { HalfEncoder } from '../../../passes/precision/weights/half-encoder.js';
import { halfBitsInScript, halfFloats } from '../../../passes/precision/weights/half-floats.js';
import { channelErrors } from '../../../passes/precision/weights/rounding.js';
import { bitsByKernel, type HalfKind, numbersByKernel } from '../../../src/ir/kernels/halves.js';
import { float16Bits, fromSmallFloat } from '../../../src/ir/tensors/float-bits.js';
import { memoryTensor } from '../../../src/ir/tensors/tensor.js';

/** Every sign, exponent and beginning of a mantissa, with what decides the rounding behind it: nothing, just below half, half, just above it, all. */
const numbers = (() => {
  const rests = [0, 1, 0xfff, 0x1000, 0x1001, 0x1fff];
  const [narrow, wide] = [rests, [0, 1, 0x7fff, 0x8000, 0x8001, 0xffff]];
  const bits = new Uint32Array(2 * 256 * (1024 * 6 + 128 * 6) + 3);
  let at = 0;
  for (let top = 0; top < 512; top++) {
    for (let upper = 0; upper < 1024; upper++)
      for (const rest of narrow) bits[at++] = ((top << 23) | (upper << 13) | rest) >>> 0;
    for (let upper = 0; upper < 128; upper++)
      for (const rest of wide) bits[at++] = ((top << 23) | (upper << 16) | rest) >>> 0;
  }
  return new Float32Array(bits.buffer);
})();

const twins: Record<HalfKind, (numbers: Float32Array, bits: Uint16Array) => void> = {
  float16: (all, bits) => halfBitsInScript(all, 'float16', bits),
  bfloat16: (all, bits) => halfBitsInScript(all, 'bfloat16', bits),
  ieeeFloat16: float16Bits,
  saturatedBfloat16: (all, bits) => bfloat16Bits(new Uint32Array(all.buffer, 0, all.length), bits),
};

const isSame = (one: Uint16Array | Uint8Array, other: Uint16Array | Uint8Array): boolean =>
  Buffer.compare(new Uint8Array(one.buffer), new Uint8Array(other.buffer)) === 0;

it.each(Object.keys(twins) as HalfKind[])('rounds all cases to %s in the same way', (kind) => {
  const [own, made] = [new Uint16Array(numbers.length), new Uint16Array(numbers.length)];
  twins[kind](numbers, own);
  expect(bitsByKernel(numbers, kind, made)).toBe(true);
  expect(isSame(made, own)).toBe(true);
});

it('widens all 65,536 numbers of float16', () => {
  const bits = Uint16Array.from({ length: 1 << 16 }, (_, i) => i);
  const made = new Float32Array(bits.length);
  expect(numbersByKernel(bits, made)).toBe(true);
  expect(
    Buffer.compare(
      new Uint8Array(made.buffer),
      new Uint8Array(Float32Array.from(bits, (one) => fromSmallFloat(one, 'float16')).buffer),
    ),
  ).toBe(0);
});

it.each([
  ['columns', [700, 99], [1], [0]],
  ['rows', [99, 700], [0], [1]],
  ['a table', [99, 701], [0], []],
  ['a convolution', [32, 16, 3, 5], [0], [1, 2, 3]],
  ['all', [3300, 61], [], []],
] as const)('judges %s by the same sums', (_name, shape, channels, contracted) => {
  const count = shape.reduce((product: number, dim) => product * dim, 1);
  for (const scale of [1, 2 ** -20, 2 ** -135, 2 ** 126])
    for (const hasAll of [false, true]) {
      const own = Float32Array.from({ length: count }, (_, i) =>
        hasAll && i % 17 === 0 ? (numbers[(i * 7919) % numbers.length] as number) : Math.sin(i * i) * scale,
      );
      const tensor = memoryTensor('float32', shape, new Uint8Array(own.buffer));
      const matrix = matrixOf(tensor, channelGroups(shape, { channels, contracted }));
      for (const step of [1, 7]) expect(channelErrors(matrix, step, true)).toEqual(channelErrors(matrix, step, false));
    }
});

it.each([8, 77, 96, 1031])('rounds rows of %i channels with their errors in the same way', (columns) => {
  const rows = Math.floor(100_000 / columns);
  const each = (number: (i: number) => number) => Float32Array.from({ length: rows * columns }, (_, i) => number(i));
  const cases = {
    // In an order that mixes large and small numbers, infinities and NaN.
    mixed: each((i) => numbers[(i * 7919) % numbers.length] as number),
    usual: each((i) => Math.sin(i) * 2 ** ((i % 41) - 30)),
    // What is about the least number with all digits of a type, and about its largest, a row of each.
    edges: each(
      (i) =>
        [2 ** -14, 65520, 2 ** -126, halfFloats.bfloat16.largest][Math.floor(i / columns) % 4]! *
        (1 + Math.sin(i) / 512),
    ),
  };
  for (const [name, own] of Object.entries(cases)) {
    const tensor = memoryTensor('float32', [rows, columns], new Uint8Array(own.buffer));
    const groups = channelGroups([rows, columns], { channels: [1], contracted: [0] });
    for (const type of ['float16', 'bfloat16'] as const) {
      const [script, kernel] = [false, true].map((withKernels) =>
        Buffer.concat(Array.from(new HalfEncoder(groups, type, withKernels).bytes(tensor), (piece) => piece.slice())),
      );
      expect(Buffer.compare(kernel as Buffer, script as Buffer), `${type} ${name}`).toBe(0);
    }
  }
});
