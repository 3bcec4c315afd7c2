/** Rotary embeddings as exporters write them: tables by position, halves or pairs turned, with near-misses. */
import type { Dim } from '../../../../src/ir/dims/dims.js';
import type { Value } from '../../../../src/ir/value.js';
import { type Sketch, x32 } from '../sketch.js';
import { seen } from './norms.js';

/** Both rotated by the same angles: [B, N, S, D] each. */
export function rotated(s: Sketch, q: Value, k: Value): [Value, Value] {
  const [batch, , rows, size] = q.shape as [Dim, Dim, Dim, number];
  const [cos, sin] = tables(s, batch, rows, size);
  const turn = s.chance(0.8) ? half : pairs;
  const one = (value: Value): Value => {
    const turned = turn(s, value, size);
    const a = s.op('Mul', s.chance(0.5) ? [value, cos] : [cos, value]);
    const b = s.op('Mul', s.chance(0.5) ? [turned, sin] : [sin, turned]);
    return seen(s, s.op(s.chance(0.04) ? 'Sub' : 'Add', s.chance(0.5) ? [a, b] : [b, a]));
  };
  return [one(q), one(k)];
}

/** Cosines and sines that broadcast with [B, N, S, D]. */
function tables(s: Sketch, batch: Dim, rows: Dim, size: number): [Value, Value] {
  const frequencies = Array.from({ length: size / 2 }, (_, i) => 10000 ** ((-2 * i) / size));
  const form = s.int(0, 2);
  if (form === 0 && typeof rows === 'number') {
    // Constants; odd ones have halves that differ.
    const isOdd = s.chance(0.1);
    const angles = Array.from(
      { length: rows * size },
      (_, i) =>
        Math.floor(i / size) * (frequencies[i % (size / 2)] as number) + (isOdd && i % size >= size / 2 ? 0.1 : 0),
    );
    const shape = s.one([
      [rows, size],
      [1, 1, rows, size],
    ]);
    return [s.numbers(x32, angles.map(Math.cos), shape), s.numbers(x32, angles.map(Math.sin), shape)];
  }
  const positions = s.op('Cast', [s.want('int64', s.chance(0.5) ? [batch, rows] : [1, rows])], { to: 1 });
  const angles = s.op('Mul', [
    s.op('Unsqueeze', [positions, s.ints(2)]),
    s.numbers(x32, frequencies, [1, 1, size / 2]),
  ]);
  const whole = s.op('Concat', [angles, s.chance(0.95) ? angles : s.op('Neg', [angles])], { axis: -1 });
  const four = (value: Value): Value => s.op('Unsqueeze', [value, s.ints(1)]);
  const scaled = (value: Value): Value => (s.chance(0.15) ? s.op('Mul', [value, s.numbers(x32, 1)]) : value);
  return [four(scaled(s.op('Cos', [whole]))), four(scaled(s.op('Sin', [whole])))];
}

function slice(s: Sketch, value: Value, from: number, to: number, step = 1): Value {
  return s.op('Slice', [
    value,
    s.ints(from),
    s.ints(to),
    s.ints(3),
    ...(step !== 1 || s.chance(0.5) ? [s.ints(step)] : []),
  ]);
}

const FAR = 2 ** 31 - 1;

function half(s: Sketch, value: Value, size: number): Value {
  const [low, high] =
    s.opset >= 18 && s.chance(0.3)
      ? (s.node('Split', [value], { axis: -1, num_outputs: 2 }, { outputs: 2 }).outputs as [Value, Value])
      : [slice(s, value, 0, size / 2), slice(s, value, size / 2, s.one([size, FAR]))];
  return s.op('Concat', s.chance(0.96) ? [s.op('Neg', [high]), low] : [high, s.op('Neg', [low])], { axis: -1 });
}

/** Even and odd lanes: (−x₁, x₀, −x₃, x₂ …). */
function pairs(s: Sketch, value: Value, size: number): Value {
  const [even, odd] = [slice(s, value, 0, FAR, 2), slice(s, value, 1, FAR, 2)];
  const wide = (one: Value): Value => s.op('Unsqueeze', [one, s.ints(4)]);
  const both = s.op('Concat', [wide(s.op('Neg', [odd])), wide(even)], { axis: -1 });
  return s.op('Reshape', [
    both,
    s.ints(0, 0, typeof value.shape?.[2] === 'number' ? (value.shape[2] as number) : -1, size),
  ]);
}

export function rotary(s: Sketch): void {
  const size = s.one([4, 8]);
  const value = s.want(x32, [s.dim(), s.one([1, 2]), s.dim(), size]);
  rotated(s, value, s.chance(0.5) ? value : s.want(x32, value.shape as Dim[]));
}
