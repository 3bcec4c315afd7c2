/** Products in few bits: as quantizing tools write them, and the runtime's own. */
import { float } from '../../../../src/ir/attribute.js';
import type { DataType } from '../../../../src/ir/types.js';
import type { Value } from '../../../../src/ir/value.js';
import { ms, type Sketch, x32 } from '../sketch.js';
import { rows } from './norms.js';

/** What is stored and computed in 8 bits, as quantizing tools write it. */
export function quantized(s: Sketch): void {
  const x = rows(s);
  const width = x.shape?.at(-1) as number;
  const elem = s.one<DataType>(['int8', 'uint8']);
  const zero = (): Value => s.numbers(elem, elem === 'int8' ? s.one([0, 0, 2]) : s.one([128, 0, 120]));
  const scale = (): Value => s.numbers(x32, s.one([0.02, 0.05]));
  const pair = (value: Value, given = scale(), point = zero()): Value =>
    s.op('DequantizeLinear', [s.op('QuantizeLinear', [value, given, point]), given, point]);
  const to = s.width();
  const byColumn = s.chance(0.4);
  const columns = s.numbers(
    x32,
    Array.from({ length: to }, () => 0.01 + 0.02 * s.random.next()),
  );
  const weight = s.constant(s.tensor('int8', [width, to]));
  const real = byColumn
    ? s.op(
        'DequantizeLinear',
        [weight, columns, s.chance(0.5) ? s.numbers('int8', Array<number>(to).fill(0)) : undefined],
        { axis: 1 },
      )
    : s.op('DequantizeLinear', [weight, s.numbers(x32, 0.05), s.chance(0.5) ? s.numbers('int8', 0) : undefined]);
  const form = s.int(0, 3);
  if (form <= 1) {
    const product = s.op('MatMul', [form === 0 ? pair(x) : x, real]);
    const sum = s.chance(0.5) ? s.op('Add', [product, s.weights([to])]) : product;
    if (s.chance(0.6)) pair(sum);
  } else if (form === 2) {
    const [q, scale8, point] = s.node('DynamicQuantizeLinear', [x], {}, { outputs: 3 }).outputs as [
      Value,
      Value,
      Value,
    ];
    const product = s.op('MatMulInteger', [q, weight, point]);
    const back = s.op('Mul', [s.op('Cast', [product], { to: 1 }), s.op('Mul', [scale8, s.numbers(x32, 0.05)])]);
    if (s.chance(0.5)) s.op('Add', [back, s.weights([to])]);
  } else pair(s.op(s.one(['Relu', 'Transpose', 'Identity']), [pair(x)]));
}

/** Ops of the runtime's own that hold a product in few bits. */
export function runtimeProduct(s: Sketch): void {
  const x = rows(s, 16);
  const form = s.int(0, 2);
  if (form === 0)
    s.op(
      'MatMulNBits',
      [x, s.constant(s.tensor('uint8', [8, 1, 8])), s.weights([8])],
      { K: 16, N: 8, bits: 4, block_size: 16 },
      ms,
    );
  else if (form === 1)
    s.op('DynamicQuantizeMatMul', [x, s.constant(s.tensor('int8', [16, 4])), s.numbers(x32, 0.02)], {}, ms);
  else s.op('FusedMatMul', [x, s.weights([16, 8])], { alpha: float(0.5) }, ms);
}
