/** Normalizations as exporters write them, with respellings and near-misses: what a rule takes for one must be one. */
import { float } from '../../../../src/ir/attribute.js';
import type { Dim } from '../../../../src/ir/dims/dims.js';
import type { Value } from '../../../../src/ir/value.js';
import { ms, type Sketch, x32 } from '../sketch.js';
import { reduceBy } from './elementwise.js';

/** A value whose last dim is a number, rank 2 to 4. */
export function rows(s: Sketch, width = s.width()): Value {
  const found = s.pick(
    (value) => value.elem === x32 && (value.shape?.length ?? 0) >= 2 && value.shape?.at(-1) === width,
  );
  if (found && s.chance(0.7)) return found;
  return s.want(x32, [...s.shape(1, 2), width]);
}

/** Now and then an intermediate is read again, or is an output. */
export const seen = (s: Sketch, value: Value): Value => {
  if (s.chance(0.06)) s.op('Neg', [value]);
  return value;
};

const either = (s: Sketch, op: string, a: Value, b: Value): Value => s.op(op, s.chance(0.5) ? [a, b] : [b, a]);

const square = (s: Sketch, value: Value): Value =>
  s.chance(0.5) ? s.op('Mul', [value, value]) : s.op('Pow', [value, s.numbers(x32, s.chance(0.05) ? 3 : 2)]);

const epsilons = [1e-5, 1e-6, 1e-12, 1e-3];

/** A row's deviations divided by their size, in one of the ways it is written. */
function normalized(s: Sketch, value: Value, centered: Value, axis: number): Value {
  const variance = seen(
    s,
    reduceBy(s, s.chance(0.04) ? 'ReduceSum' : 'ReduceMean', seen(s, square(s, centered)), [axis]),
  );
  const epsilon = s.numbers(x32, s.one(epsilons), s.chance(0.3) ? [1] : []);
  if (s.chance(0.06)) return s.op('Div', [centered, either(s, 'Add', s.op('Sqrt', [variance]), epsilon)]);
  const sum = s.chance(0.04)
    ? s.op('Sub', [variance, epsilon])
    : s.chance(0.05)
      ? variance
      : either(s, 'Add', variance, epsilon);
  const form = s.int(0, 3);
  const numerator = s.chance(0.04) ? value : centered;
  if (form === 0) return either(s, 'Mul', numerator, s.op('Reciprocal', [s.op('Sqrt', [sum])]));
  if (form === 1) return either(s, 'Mul', numerator, s.op('Pow', [sum, s.numbers(x32, -0.5)]));
  if (form === 2) return either(s, 'Mul', numerator, s.op('Div', [s.numbers(x32, 1), s.op('Sqrt', [sum])]));
  return s.op('Div', [numerator, seen(s, s.op('Sqrt', [sum]))]);
}

/** A factor or a bias: a row, a number, a value, or one of the wrong shape that still broadcasts. */
function operand(s: Sketch, value: Value): Value {
  const shape = value.shape as readonly Dim[];
  const width = shape.at(-1) as number;
  if (s.chance(0.08)) return s.numbers(x32, 1.5);
  if (s.chance(0.06)) return s.want(x32, shape);
  if (s.chance(0.06)) return s.weights([1, width]);
  if (s.chance(0.06)) return s.want(x32, [width]);
  if (s.chance(0.03)) return s.weights([1, 1, 1, 1, width]);
  return s.weights([width]);
}

export function affine(s: Sketch, value: Value, hasBias = s.chance(0.8)): Value {
  const scaled = s.chance(0.9)
    ? either(s, 'Mul', value, s.chance(0.1) ? s.op('Add', [operand(s, value), s.numbers(x32, 1)]) : operand(s, value))
    : value;
  return hasBias ? either(s, 'Add', seen(s, scaled), operand(s, value)) : scaled;
}

export function layerNorm(s: Sketch, given?: Value): Value {
  let value = given ?? rows(s);
  if (s.chance(0.3)) value = seen(s, either(s, 'Add', value, s.want(x32, value.shape as Dim[])));
  const rank = value.shape?.length as number;
  const axis = s.chance(0.08) ? s.int(-rank, -1) : s.one([-1, rank - 1]);
  if (s.opset >= 17 && s.chance(0.3)) {
    const width = value.shape?.at(-1) as number;
    const stats = s.chance(0.15) ? 3 : 1;
    return s.node(
      'LayerNormalization',
      [value, s.weights([width]), s.chance(0.7) ? s.weights([width]) : undefined],
      { axis: -1, ...(s.chance(0.7) && { epsilon: float(1e-6) }) },
      { outputs: stats },
    ).output;
  }
  const mean = seen(s, reduceBy(s, 'ReduceMean', value, [axis]));
  const centered = seen(s, s.chance(0.04) ? s.op('Sub', [mean, value]) : s.op('Sub', [value, mean]));
  const again = s.chance(0.1) ? s.op('Sub', [value, mean]) : centered;
  return affine(s, normalized(s, value, s.chance(0.5) ? centered : again, axis));
}

export function rmsNorm(s: Sketch, given?: Value): Value {
  let value = given ?? rows(s);
  if (s.chance(0.25)) value = seen(s, either(s, 'Add', value, s.want(x32, value.shape as Dim[])));
  const width = value.shape?.at(-1) as number;
  if (s.opset >= 23 && s.chance(0.3))
    return s.op('RMSNormalization', [value, s.weights([width])], { axis: -1, epsilon: float(1e-5) });
  if (s.chance(0.1))
    return s.op('SimplifiedLayerNormalization', [value, s.weights([width])], {
      axis: -1,
      epsilon: float(1e-5),
      stash_type: 1,
    });
  return affine(s, normalized(s, value, value, -1), s.chance(0.15));
}

/** A convolution's values: [N, C, H, W]. */
export function image(s: Sketch, channels = s.one([2, 4, 8])): Value {
  const found = s.pick((value) => value.elem === x32 && value.shape?.length === 4 && value.shape[1] === channels);
  return found && s.chance(0.7) ? found : s.want(x32, [s.dim(), channels, s.one([3, 4, 6]), s.one([4, 5, 6])]);
}

export function channelNorm(s: Sketch): void {
  const value = image(s);
  const [, channels] = value.shape as readonly number[];
  const size = channels as number;
  const row = (low = false): Value => s.constant(s.tensor(low ? 'uint8' : x32, [size]));
  const form = s.int(0, 4);
  if (form === 0) {
    const variance = s.op('Add', [s.op('Abs', [row()]), s.numbers(x32, 0.1)]);
    s.op('BatchNormalization', [value, row(), row(), row(), variance], s.chance(0.5) ? { epsilon: float(1e-3) } : {});
  } else if (form === 1) s.op('InstanceNormalization', [value, row(), row()], { epsilon: float(s.one(epsilons)) });
  else if (form === 2) groupNorm(s, value, size);
  else if (form === 3 && s.opset >= 18) {
    const groups = s.one([1, 2]);
    s.op(
      'GroupNormalization',
      [value, s.weights([s.opset >= 21 ? size : groups]), s.weights([s.opset >= 21 ? size : groups])],
      { num_groups: groups, epsilon: float(1e-5) },
    );
  } else if (s.chance(0.5)) s.op('LpNormalization', [value], { axis: s.int(0, 3), p: s.int(1, 2) });
  else s.op('MeanVarianceNormalization', [value], s.chance(0.5) ? { axes: [0, 2, 3] } : {});
}

/** Reshape, InstanceNormalization by groups, Reshape back, then a factor and a bias for each channel. */
function groupNorm(s: Sketch, value: Value, channels: number): void {
  const groups = s.one([1, 2, channels]);
  const folded = s.op('Reshape', [value, s.ints(0, groups, -1)]);
  const isOdd = s.chance(0.1);
  const one = isOdd ? s.weights([groups]) : s.numbers(x32, Array<number>(groups).fill(1));
  const zero = s.numbers(x32, Array<number>(groups).fill(0));
  const normal = s.op('InstanceNormalization', [folded, one, zero], { epsilon: float(s.one(epsilons)) });
  const back = s.op('Reshape', [normal, s.op('Shape', [value])]);
  const scaled = s.op('Mul', [back, s.weights(s.chance(0.9) ? [channels, 1, 1] : [1, channels, 1, 1])]);
  const shifted = s.op('Add', [scaled, s.weights([channels, 1, 1])]);
  if (s.chance(0.5)) s.op('Mul', [shifted, s.op('Sigmoid', [shifted])]);
}

/** The runtime's own ops, as models have them that were optimized before. */
export function fusedNorm(s: Sketch): void {
  const value = s.want(x32, [s.dim(), s.dim(), s.one([4, 8])]);
  const shape = value.shape as Dim[];
  const width = shape.at(-1) as number;
  const skip = s.want(x32, shape);
  const rest = s.chance(0.5) ? [s.weights([width])] : [];
  const outputs = s.chance(0.2) ? ['', undefined, undefined, ''] : 1;
  if (s.chance(0.5))
    s.node(
      'SkipLayerNormalization',
      [value, skip, s.weights([width]), s.weights([width]), ...rest],
      { epsilon: float(1e-5) },
      { ...ms, outputs },
    );
  else
    s.node(
      'SkipSimplifiedLayerNormalization',
      [value, skip, s.weights([width]), ...rest],
      { epsilon: float(1e-5) },
      { ...ms, outputs },
    );
}
