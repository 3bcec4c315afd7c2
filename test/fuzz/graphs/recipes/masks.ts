/** Masks and biases of attention scores, as exporters write them, with near-misses. */
import type { Dim } from '../../../../src/ir/dims/dims.js';
import type { Value } from '../../../../src/ir/value.js';
import { type Sketch, x32 } from '../sketch.js';

export interface Sizes {
  readonly batch: Dim;
  readonly rows: Dim;
  readonly keys: Dim;
  readonly heads: number;
  /** Heads of key and value. */
  readonly groups: number;
  readonly size: number;
  readonly valueSize: number;
}

export function masked(s: Sketch, scores: Value, sizes: Sizes): Value {
  const form = s.one([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const { batch, rows, keys } = sizes;
  const fill = s.one([-1e9, -10000, -3.4028234663852886e38, Number.NEGATIVE_INFINITY]);
  if (form <= 2) return scores;
  const add = (bias: Value): Value => s.op('Add', s.chance(0.6) ? [scores, bias] : [bias, scores]);
  if (form === 3)
    return add(
      s.want(
        x32,
        s.one([
          [batch, 1, 1, keys],
          [1, 1, rows, keys],
          [batch, 1, rows, keys],
          [batch, sizes.heads, rows, keys],
          [1, sizes.heads, rows, keys],
          [rows, keys],
          [keys],
        ] as Dim[][]),
      ),
    );
  if (form === 4) {
    const keep = s.want('int64', [batch, keys]);
    const four = s.op('Unsqueeze', [s.op('Unsqueeze', [keep, s.ints(1)]), s.ints(2)]);
    const off = s.op('Sub', [s.numbers(x32, 1), s.op('Cast', [four], { to: 1 })]);
    return add(s.op('Mul', [off, s.numbers(x32, Number.isFinite(fill) ? fill : -1e9)]));
  }
  if (form === 5) {
    const visible = s.op(
      'Cast',
      [
        s.want(
          'bool',
          s.one([
            [batch, 1, 1, keys],
            [batch, 1, rows, keys],
            [1, 1, rows, keys],
          ] as Dim[][]),
        ),
      ],
      { to: 9 },
    );
    return s.chance(0.5)
      ? s.op('Where', [visible, scores, s.numbers(x32, fill)])
      : s.op('Where', [visible, s.numbers(x32, fill), scores]);
  }
  if (typeof rows === 'number' && typeof keys === 'number') {
    const offset = s.chance(0.85) ? keys - rows : s.int(-1, 1);
    const numbers: number[] = Array.from({ length: rows * keys }, (_, i) =>
      i % keys <= Math.floor(i / keys) + offset ? 0 : 1,
    );
    // Causal but for one entry.
    if (s.chance(0.15)) numbers[s.int(0, numbers.length - 1)] = s.int(0, 1);
    if (s.chance(0.5))
      return add(
        s.numbers(
          x32,
          numbers.map((one) => (one ? fill : 0)),
          s.one([
            [rows, keys],
            [1, 1, rows, keys],
          ]),
        ),
      );
    return s.op('Where', [
      s.numbers(
        'bool',
        numbers,
        s.one([
          [rows, keys],
          [1, 1, rows, keys],
        ]),
      ),
      s.numbers(x32, fill),
      scores,
    ]);
  }
  // Causal, of sizes that are known when it runs.
  const shape = s.op('Shape', [scores]);
  const size = (axis: number): Value => s.op('Gather', [shape, s.numbers('int64', axis)]);
  const range = (axis: number): Value => s.op('Range', [s.numbers('int64', 0), size(axis), s.numbers('int64', 1)]);
  const [row, column] = [s.op('Unsqueeze', [range(2), s.ints(1)]), s.op('Unsqueeze', [range(3), s.ints(0)])];
  if (s.opset >= 14 && s.chance(0.4)) {
    const ones = s.op(
      'ConstantOfShape',
      [s.op('Concat', [s.op('Unsqueeze', [size(2), s.ints(0)]), s.op('Unsqueeze', [size(3), s.ints(0)])], { axis: 0 })],
      { value: s.tensor('bool', [1]) },
    );
    const triangle = s.op(
      'Trilu',
      [s.op('Cast', [s.op('Or', [ones, s.numbers('bool', 1)])], { to: 1 }), s.numbers('int64', s.one([1, 1, 1, 0, 2]))],
      { upper: 1 },
    );
    return add(s.op('Mul', [triangle, s.numbers(x32, Number.isFinite(fill) ? fill : -1e9)]));
  }
  const future = s.op(s.one(['Greater', 'Greater', 'Greater', 'GreaterOrEqual', 'Less']), [column, row]);
  return s.chance(0.5)
    ? s.op('Where', [future, s.numbers(x32, fill), scores])
    : add(s.op('Where', [future, s.numbers(x32, fill), s.numbers(x32, 0)]));
}
