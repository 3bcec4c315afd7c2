import { expect, it } from 'vitest';
import { castTensor, everyNumber, numbersOf, tensorOf } from '../../src/ir/tensors/numbers.js';
import { memoryTensor } from '../../src/ir/tensors/tensor.js';
import { type DataType, dataTypes } from '../../src/ir/types.js';

const numbers: Partial<Record<DataType, readonly number[]>> = {
  bool: [0, 1, 1],
  float16: [-0.5, 0, 65504],
  bfloat16: [-0.5, 0, 2 ** 100],
  int4: [-8, 0, 7],
  uint4: [0, 9, 15],
};

it.each(Object.keys(dataTypes).filter((type) => type in numbers || /^u?int|^float(32|64)$/.test(type)) as DataType[])(
  'numbers of %s are read wherever the bytes lie, those of a Buffer too',
  (type) => {
    const { kind, bits } = dataTypes[type];
    const least = kind === 'float' ? -1.5 : kind === 'signed' ? -(2 ** Math.min(bits - 1, 52)) : 0;
    const given = numbers[type] ?? [least, 1, kind === 'float' ? 0.25 : 2 ** Math.min(bits - 1, 52) - 1];
    const tensor = tensorOf(type, given);
    const bytes = tensor.bytes();
    for (let offset = 0; offset < 8; offset++) {
      const buffer = Buffer.from(new ArrayBuffer(bytes.length + offset), offset);
      buffer.set(bytes);
      const read = memoryTensor(type, tensor.shape, buffer);
      expect([...numbersOf(read)]).toEqual(given);
      const backwards: number[] = [];
      everyNumber(read, (number) => backwards.push(number) > 0);
      expect(backwards.reverse()).toEqual(given);
    }
  },
);

it('cast to float16 are rounded as one by one: all its numbers, what lies between, and what is beyond', () => {
  const bits = Uint16Array.from({ length: 1 << 16 }, (_, at) => at);
  const all = numbersOf(memoryTensor('float16', [1 << 16], new Uint8Array(bits.buffer)));
  const between = all.map((one, at) => one + ((at % 16) / 16) * ((all[at + 1] ?? one) - one));
  const tensor = tensorOf('float32', [...all, ...between, 65519.99, 65520, 1e30, 1e-30, -1e-30, -65520]);
  const [cast, each] = [castTensor(tensor, 'float16'), tensorOf('float16', numbersOf(tensor))];
  expect(Buffer.compare(cast.bytes(), each.bytes())).toBe(0);
});
