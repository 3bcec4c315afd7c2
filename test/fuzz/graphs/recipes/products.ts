/** Products and convolutions, with what exporters put around them: biases, batch norms, factors, transposes, quantizers. */
import { float } from '../../../../src/ir/attribute.js';
import type { Dim } from '../../../../src/ir/dims/dims.js';
import type { DataType } from '../../../../src/ir/types.js';
import type { Value } from '../../../../src/ir/value.js';
import { ms, type Sketch, staticShape, x32 } from '../sketch.js';
import { image, rows } from './norms.js';

export function linear(s: Sketch, given?: Value, to = s.width()): Value {
  const x = given ?? rows(s);
  const width = x.shape?.at(-1) as number;
  const isFlat = x.shape?.length === 2;
  if (isFlat && s.chance(0.4)) {
    const transB = s.int(0, 1);
    const bias = s.one([
      undefined,
      () => s.weights([to]),
      () => s.weights([1, to]),
      () => s.numbers(x32, 0.5),
      () => s.weights([to]),
    ]);
    return s.op('Gemm', [x, s.weights(transB ? [to, width] : [width, to]), bias?.()], {
      ...(transB && { transB }),
      ...(s.chance(0.2) && { alpha: float(0.5) }),
      ...(s.chance(0.2) && { beta: float(2) }),
    });
  }
  let weight = s.chance(0.2) ? s.op('Transpose', [s.weights([to, width])], { perm: [1, 0] }) : s.weights([width, to]);
  if (s.chance(0.1)) weight = s.op('Mul', [weight, s.numbers(x32, 0.5)]);
  let y = s.op('MatMul', [x, weight]);
  if (s.chance(0.6)) {
    const bias = s.weights(s.chance(0.1) ? [1, 1, to] : [to]);
    y = s.op('Add', s.chance(0.5) ? [y, bias] : [bias, y]);
  }
  if (s.chance(0.15)) y = s.op('Mul', [y, s.chance(0.5) ? s.weights([to]) : s.numbers(x32, 0.25)]);
  if (s.chance(0.05)) y = s.op('Add', [y, s.weights([to])]);
  return y;
}

export function shared(s: Sketch): void {
  const x = rows(s);
  const width = x.shape?.at(-1) as number;
  const weight = s.weights([width, width]);
  const a = s.op('MatMul', [x, weight]);
  s.op('MatMul', [s.chance(0.5) ? a : s.op('Tanh', [a]), weight]);
  if (s.chance(0.4)) s.op('Gather', [weight, s.numbers('int64', [0, 1, -1])]);
  if (s.chance(0.3)) s.op('MatMul', [x, s.op('Transpose', [weight], { perm: [1, 0] })]);
}

/** Products of two computed values, with their batches, turned and scaled. */
export function batched(s: Sketch): void {
  const x = s.any(x32, 2, 4);
  const shape = x.shape as readonly Dim[];
  const turned = [...shape.slice(0, -2), shape.at(-1) as Dim, shape.at(-2) as Dim];
  const perm = [...shape.slice(0, -2).map((_, i) => i), shape.length - 1, shape.length - 2];
  const y = s.chance(0.6) ? s.op('Transpose', [x], { perm }) : s.want(x32, turned);
  const scaled = s.chance(0.4) ? s.op(s.one(['Mul', 'Div']), [x, s.numbers(x32, 2)]) : x;
  const product = s.op('MatMul', [scaled, y]);
  if (s.chance(0.4)) s.op(s.one(['Mul', 'Div']), [product, s.numbers(x32, 4)]);
  if (s.chance(0.15)) s.op('FusedMatMul', [x, s.want(x32, shape)], { transB: 1, alpha: float(0.5) }, ms);
  if (s.chance(0.15)) s.op('Einsum', [x, y], { equation: '...ij,...jk->...ik' });
}

export function convolution(s: Sketch): void {
  let x = image(s);
  const [, channels] = x.shape as readonly number[] as readonly [number, number];
  if (s.chance(0.2))
    x = s.op(
      'Pad',
      [x, s.ints(0, 0, 1, 0, 0, 0, 1, 2), ...(s.chance(0.5) ? [s.numbers(x32, s.one([0, 0, 1]))] : [])],
      s.chance(0.2) ? { mode: 'reflect' } : {},
    );
  const isTurned = s.chance(0.15);
  const group = s.one([1, 1, channels, channels % 2 === 0 ? 2 : 1]);
  const out = group * s.one([1, 2]);
  const kernel = s.one([1, 3]);
  const weights = isTurned
    ? s.weights([channels, out / group, kernel, kernel])
    : s.weights([out, channels / group, kernel, kernel]);
  const pads =
    kernel === 3
      ? s.one([
          [1, 1, 1, 1],
          [0, 1, 1, 1],
          [0, 0, 0, 0],
        ])
      : [0, 0, 0, 0];
  const attributes = {
    group,
    pads,
    ...(s.chance(0.3) && { strides: [2, 1] }),
    ...(s.chance(0.5) && { kernel_shape: [kernel, kernel] }),
  };
  let y = s.op(
    isTurned ? 'ConvTranspose' : 'Conv',
    [x, weights, s.chance(0.5) ? s.weights([out]) : undefined],
    attributes,
  );
  const channel = (): Value => s.weights(s.chance(0.9) ? [1, out, 1, 1] : [out, 1, 1]);
  if (s.chance(0.3))
    y = s.op('BatchNormalization', [y, s.weights([out]), s.weights([out]), s.weights([out]), positive(s, out)], {
      epsilon: float(1e-3),
    });
  if (s.chance(0.2)) y = s.op('Mul', [y, channel()]);
  if (s.chance(0.2)) y = s.op('Add', [y, channel()]);
  if (s.chance(0.4))
    y = s.op(
      s.one(['Relu', 'HardSwish', 'LeakyRelu', 'Sigmoid']).replace('HardSwish', s.opset >= 14 ? 'HardSwish' : 'Relu'),
      [y],
    );
  if (s.chance(0.2)) s.op(s.one(['GlobalAveragePool', 'GlobalMaxPool']), [y]);
  else if (s.chance(0.3))
    s.op(s.one(['MaxPool', 'AveragePool']), [y], {
      kernel_shape: [2, 1],
      strides: [2, 1],
      ...(s.chance(0.3) && { pads: [1, 0, 1, 0] }),
    });
}

/** Variances. */
const positive = (s: Sketch, count: number): Value =>
  s.numbers(
    x32,
    Array.from({ length: count }, () => 0.1 + s.random.next()),
  );

export function recurrent(s: Sketch): void {
  const [size, hidden] = [4, 3];
  const op = s.one(['LSTM', 'GRU', 'RNN']);
  const gates = op === 'LSTM' ? 4 : op === 'GRU' ? 3 : 1;
  const direction = s.one(['forward', 'reverse', 'bidirectional']);
  const directions = direction === 'bidirectional' ? 2 : 1;
  const x = s.want(x32, [s.dim(), s.dim(), size]);
  const batch = x.shape?.[1] as Dim;
  const start = s.chance(0.4) ? s.want(x32, [directions, batch, hidden]) : undefined;
  const cell = op === 'LSTM' && start && s.chance(0.7) ? s.want(x32, [directions, batch, hidden]) : undefined;
  const outputs: (string | undefined)[] = [
    s.chance(0.8) ? '' : undefined,
    s.chance(0.7) ? '' : undefined,
    ...(op === 'LSTM' && s.chance(0.5) ? [''] : []),
  ];
  if (!outputs.includes('')) outputs[0] = '';
  s.node(
    op,
    [
      x,
      s.weights([directions, gates * hidden, size]),
      s.weights([directions, gates * hidden, hidden]),
      s.chance(0.7) ? s.weights([directions, 2 * gates * hidden]) : undefined,
      undefined,
      ...(start ? [start, ...(cell ? [cell] : [])] : []),
    ],
    { hidden_size: hidden, direction, ...(op === 'GRU' && s.chance(0.5) && { linear_before_reset: 1 }) },
    { outputs },
  );
}

/** An embedding: rows of a table by ids. */
export function embedding(s: Sketch): void {
  const width = s.one([4, 8, 8]);
  const ids = s.op('Clip', [s.any(s.one<DataType>(['int64', 'int32']), 1, 2), undefined, undefined]);
  const low = s.numbers(ids.elem as DataType, 0);
  const inside = s.op('Clip', [ids, low, s.numbers(ids.elem as DataType, 5)]);
  const rowsOf = s.op('Gather', [s.weights([6, width]), inside]);
  if (s.chance(0.5)) s.op('Add', [rowsOf, s.weights([width])]);
}

/** A bias or a factor whose broadcast makes the result larger than the product. */
export function widened(s: Sketch): void {
  const x = rows(s);
  const y = linear(s, x, 4);
  const shape = staticShape(y);
  s.op('Add', [y, s.weights(shape ? [2, ...shape.map(() => 1).slice(1), 4] : [1, 1, 1, 4])]);
}
