/** Weights in 16 bits, bit for bit: every number of both types, ties between them, and feedback in every layout of channels. */
import { describe, expect, it } from 'vitest';
import { channelGroups, matrixOf } from '../../../passes/precision/weights/groups.js';
import { HalfEncoder } from '../../../passes/precision/weights/half-encoder.js';
import { type HalfFloat, halfBits, roundedTo } from '../../../passes/precision/weights/half-floats.js';
import { halfErrors } from '../../../passes/precision/weights/rounding.js';
import { numbersOf } from '../../../src/ir/tensors/numbers.js';
import {
  type ByteSource,
  elementCount,
  memoryTensor,
  rangeTensor,
  type Tensor,
} from '../../../src/ir/tensors/tensor.js';
import { randomWeights } from '../../check-pass.js';

const types = ['float16', 'bfloat16'] as const;

/** All bytes; each piece is valid until the next alone. */
function joined(chunks: Iterable<Uint8Array>): Uint8Array {
  const bytes: number[] = [];
  for (const chunk of chunks) for (const byte of chunk) bytes.push(byte);
  return Uint8Array.from(bytes);
}

/** All numbers of a type by their bits. */
const allOf = (type: HalfFloat): Float64Array =>
  numbersOf(memoryTensor(type, [1 << 16], new Uint8Array(Uint16Array.from({ length: 1 << 16 }, (_, i) => i).buffer)));

describe.each(types)('%s', (type) => {
  it('keeps all 65,536 numbers that it has', () => {
    const all = allOf(type);
    const bits = new Uint16Array(halfBits(Float32Array.from(all), type).slice().buffer);
    const wrong = [...bits].filter((one, at) => (Number.isNaN(all[at]) ? !Number.isNaN(all[one]) : one !== at));
    expect(wrong).toEqual([]);
  });

  it('rounds what lies between two of its numbers to the nearer one, as arithmetic does', () => {
    const finite = allOf(type).filter(Number.isFinite);
    const between = Float32Array.from(
      finite,
      (one, at) => one + (((at * 7) % 16) / 16) * ((finite[at + 1] ?? one) - one),
    );
    const bits = new Uint16Array(halfBits(between, type).slice().buffer);
    const all = allOf(type);
    expect(between.filter((one, at) => all[bits[at] as number] !== roundedTo(type, one))).toEqual(new Float32Array());
  });

  it.each<[string, number[], number[] | undefined, number[] | undefined]>([
    ['a product by columns', [70, 600], [1], [0]],
    ['a product by rows', [300, 150], [0], [1]],
    ['a convolution', [40, 30, 3, 3], [0], [1, 2, 3]],
    ['a transposed convolution', [30, 40, 3, 3], [1], [0, 2, 3]],
    ['a table', [500, 90], [0], []],
  ])('gives of %s what rounding number by number gives', (_name, shape, channels, contracted) => {
    const tensor = randomWeights(shape, 0.05, 5);
    const groups = channelGroups(shape, { channels, contracted });
    const made = joined(new HalfEncoder(groups, type).bytes(tensor));
    expect(numbersOf(memoryTensor(type, shape, made))).toEqual(
      oneByOne(tensor, channels as number[], contracted as number[], type),
    );
  });

  it('rounds in the same way however the numbers come in pieces', () => {
    const tensor = randomWeights([400, 300], 0.05, 5);
    const bytes = tensor.bytes();
    const pieces: Tensor = {
      ...{ type: 'float32', shape: tensor.shape, byteLength: bytes.length, bytes: () => bytes },
      *chunks() {
        for (let at = 0, size = 16; at < bytes.length; at += size, size = (size * 5) % 65552)
          yield bytes.slice(at, at + size);
      },
    };
    const groups = channelGroups([400, 300], { channels: [1], contracted: [0] });
    const [whole, cut] = [tensor, pieces].map((one) => joined(new HalfEncoder(groups, type).bytes(one)));
    expect(cut).toEqual(whole);
  });

  it.each([
    ['columns', [257, 301], [1], [0]],
    ['rows', [257, 301], [0], [1]],
    ['no feedback', [257, 301], [0], []],
  ])('gives of numbers in a file what it gives of those in memory: %s', (_name, shape, channels, contracted) => {
    const tensor = randomWeights(shape, 0.05, 5);
    const bytes = tensor.bytes();
    const source: ByteSource = {
      size: bytes.length,
      read(offset, length, scratch = new Uint8Array(length)) {
        scratch.set(bytes.subarray(offset, offset + length));
        return scratch.subarray(0, length);
      },
    };
    const stored = rangeTensor('float32', shape, source, 0);
    const groups = channelGroups(shape, { channels, contracted });
    const [inScript, fromFile] = [
      new HalfEncoder(groups, type, false).bytes(tensor),
      new HalfEncoder(groups, type).bytes(stored),
    ].map(joined);
    expect(fromFile).toEqual(inScript);
    expect(halfErrors(matrixOf(stored, groups))).toEqual(halfErrors(matrixOf(tensor, groups)));
  });
});

/** Each number after an eighth of its channel's errors so far was added. */
function oneByOne(
  tensor: Tensor,
  channels: readonly number[],
  contracted: readonly number[],
  type: HalfFloat,
): Float64Array {
  const errors = new Map<string, number>();
  return numbersOf(tensor).map((number, at) => {
    let rest = at;
    const place = tensor.shape.map((_, axis) => {
      const below = elementCount(tensor.shape.slice(axis + 1));
      const index = Math.floor(rest / below);
      rest -= index * below;
      return index;
    });
    const channel = channels.map((axis) => place[axis]).join();
    const before = contracted.length > 0 ? (errors.get(channel) ?? 0) : 0;
    const code = roundedTo(type, number + before / 8);
    errors.set(channel, before + number - code);
    return code;
  });
}
