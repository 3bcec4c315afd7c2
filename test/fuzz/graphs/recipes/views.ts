/** Ops that move elements, and arithmetic on dims, on values with symbolic dims. */
import type { Dim } from '../../../../src/ir/dims/dims.js';
import type { DataType } from '../../../../src/ir/types.js';
import { type Sketch, staticShape, x32 } from '../sketch.js';

export function transposed(s: Sketch): void {
  const value = s.any(s.one<DataType>([x32, x32, 'int64', 'bool', 'string']), 1);
  const axes = Array.from({ length: value.shape?.length as number }, (_, i) => i);
  for (let i = axes.length - 1; i > 0; i--) {
    const j = s.int(0, i);
    [axes[i], axes[j]] = [axes[j] as number, axes[i] as number];
  }
  s.op('Transpose', [value], s.chance(0.15) ? {} : { perm: axes });
}

export function reshaped(s: Sketch): void {
  const value = s.any(s.one<DataType>([x32, x32, 'int64', 'string', 'float16']), 1);
  const shape = value.shape as readonly Dim[];
  const form = s.int(0, 4);
  if (form === 0) s.op('Flatten', [value], { axis: s.int(0, shape.length) });
  else if (form === 1) s.op('Unsqueeze', [value, s.ints(s.int(0, shape.length))]);
  else if (form === 2) s.op('Reshape', [value, s.ints(...shape.slice(0, -1).map(() => 0), s.one([-1, -1, 0]))]);
  else if (form === 3)
    s.op(
      'Reshape',
      [value, s.ints(...shape.slice(0, -2).map(() => 0), -1)],
      s.opset >= 14 && s.chance(0.2) ? { allowzero: 0 } : {},
    );
  else {
    const sizes = s.op('Shape', [value]);
    s.op('Reshape', [s.op(s.one(['Relu', 'Identity', 'Neg']), [s.any(x32, 1)]), s.ints(-1)]);
    s.op('Reshape', [value, sizes]);
  }
}

export function squeezed(s: Sketch): void {
  const found = s.pick((value) => value.shape?.includes(1) === true);
  const value = found ?? s.want(x32, [1, s.dim(), 1]);
  const axes = (value.shape as Dim[]).flatMap((dim, axis) => (dim === 1 ? [axis] : []));
  s.op('Squeeze', [value, s.ints(s.one(axes))]);
}

/** Arithmetic on dims, as exporters write it. */
export function shapes(s: Sketch): void {
  const value = s.any(x32, 1);
  const rank = value.shape?.length as number;
  const whole = s.op('Shape', [value], s.opset >= 15 && s.chance(0.2) ? { start: s.int(0, rank - 1) } : {});
  const count = whole.shape?.[0];
  if (typeof count !== 'number' || count === 0) return;
  const index = s.numbers('int64', s.int(0, count - 1), s.chance(0.5) ? [1] : []);
  const dim = s.op('Gather', [whole, index], s.chance(0.5) ? { axis: 0 } : {});
  const changed = s.op(s.one(['Add', 'Mul', 'Sub', 'Div']), [dim, s.numbers('int64', s.one([1, 2, 1]))]);
  const size = dim.shape?.length ? changed : s.op('Unsqueeze', [changed, s.ints(0)]);
  const form = s.int(0, 2);
  if (form === 0) s.op('ConstantOfShape', [size], {});
  else if (form === 1) s.op('Expand', [s.want(x32, [1]), s.op('Concat', [s.ints(2), size], { axis: 0 })]);
  else s.op('Range', [s.numbers('int64', 0), s.op('Squeeze', [size, s.ints(0)]), s.numbers('int64', 1)]);
}

export function expanded(s: Sketch): void {
  const value = s.any(x32, 1, 3);
  const shape = staticShape(value);
  if (shape && s.chance(0.5)) s.op('Expand', [value, s.ints(s.int(1, 3), ...shape)]);
  else s.op('Tile', [value, s.ints(...(value.shape as Dim[]).map(() => s.int(1, 2)))]);
}
