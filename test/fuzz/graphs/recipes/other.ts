/** Ops of other domains and types: classical machine learning, text, sequences, sizes that depend on numbers. */
import { float, floats } from '../../../../src/ir/attribute.js';
import type { Dim } from '../../../../src/ir/dims/dims.js';
import type { Value } from '../../../../src/ir/value.js';
import { ml, type Sketch, Unavailable, x32 } from '../sketch.js';

export function machineLearning(s: Sketch): void {
  const x = s.want(x32, [s.dim(), 4]);
  const form = s.int(0, 7);
  if (form === 0) s.op('Scaler', [x], { offset: floats([0, 1, 0, 0.5]), scale: floats([1, 2, 0.5, 1]) }, ml);
  else if (form === 1) s.op('Normalizer', [x], { norm: s.one(['MAX', 'L1', 'L2']) }, ml);
  else if (form === 2) s.op('Binarizer', [x], { threshold: float(0.2) }, ml);
  else if (form === 3) s.op('Imputer', [x], { imputed_value_floats: floats([0]), replaced_value_float: float(0) }, ml);
  else if (form === 4)
    s.op('LinearRegressor', [x], { coefficients: floats([0.1, 0.2, -0.3, 0.4]), intercepts: floats([0.5]) }, ml);
  else if (form === 5)
    s.node(
      'LinearClassifier',
      [x],
      {
        coefficients: floats([0.1, 0.2, -0.3, 0.4, -0.1, -0.2, 0.3, -0.4]),
        intercepts: floats([0.5, -0.5]),
        classlabels_ints: [0, 1],
        post_transform: s.one(['NONE', 'SOFTMAX', 'LOGISTIC']),
      },
      { ...ml, outputs: 2 },
    );
  else if (form === 6) s.op('ArrayFeatureExtractor', [x, s.ints(2, 0)], {}, ml);
  else treeEnsemble(s, x);
}

function treeEnsemble(s: Sketch, x: Value): void {
  s.op(
    'TreeEnsembleRegressor',
    [x],
    {
      n_targets: 1,
      nodes_treeids: [0, 0, 0],
      nodes_nodeids: [0, 1, 2],
      nodes_featureids: [1, 0, 0],
      nodes_modes: ['BRANCH_LEQ', 'LEAF', 'LEAF'],
      nodes_values: floats([0.1, 0, 0]),
      nodes_truenodeids: [1, 0, 0],
      nodes_falsenodeids: [2, 0, 0],
      target_treeids: [0, 0],
      target_nodeids: [1, 2],
      target_ids: [0, 0],
      target_weights: floats([1.5, -0.5]),
    },
    ml,
  );
}

export function text(s: Sketch): void {
  const value = s.any('string', 1, 2);
  const form = s.int(0, 4);
  if (form === 0)
    s.op('LabelEncoder', [value], { keys_strings: ['a', 'B c'], values_int64s: [3, 1], default_int64: 7 }, ml);
  else if (form === 1 && s.opset >= 19) s.op('Equal', [value, s.want('string', value.shape as Dim[])]);
  else if (form === 2 && s.opset >= 20) s.op('StringConcat', [value, s.want('string', value.shape as Dim[])]);
  else if (form === 3) s.op('Concat', [value, value], { axis: 0 });
  else s.op('Unsqueeze', [value, s.ints(0)]);
}

/** How many there are depends on the numbers. */
export function counted(s: Sketch): void {
  const form = s.int(0, 3);
  if (form === 0) s.op('NonZero', [s.op('Greater', [s.any(x32, 1, 3), s.numbers(x32, 0)])]);
  else if (form === 1) s.op('Compress', [s.op('Relu', [s.any(x32, 1, 3)]), s.numbers('bool', [1])], { axis: 0 });
  else if (form === 2) s.op('Unique', [s.op('Round', [s.any(x32, 1, 2)])]);
  else {
    const value = s.any(x32, 1, 2);
    s.node('TopK', [value, s.ints(1)], { axis: s.int(-1, 0) }, { outputs: 2 });
  }
}

export function sequence(s: Sketch): void {
  const a = s.any(x32, 1, 3);
  const b = s.want(x32, a.shape as Dim[]);
  const both = s.g.op('SequenceConstruct', [a, b]);
  s.infer(both.producer as never);
  both.name = `sequence ${s.int(0, 1e9)}`;
  if (s.chance(0.5)) s.op('ConcatFromSequence', [both], { axis: 0, ...(s.chance(0.5) && { new_axis: 1 }) });
  else s.op('SequenceAt', [both, s.numbers('int64', s.int(0, 1))]);
}

export function joined(s: Sketch): void {
  const a = s.any(x32, 1);
  const shape = a.shape as Dim[];
  const axis = s.int(0, shape.length - 1);
  const other = shape.map((dim, i) => (i === axis ? s.dim() : dim));
  const whole = s.op('Concat', [a, s.want(x32, other)], { axis: s.chance(0.5) ? axis : axis - shape.length });
  const first = shape[axis];
  const total = whole.shape?.[axis];
  if (typeof first !== 'number' || typeof total !== 'number' || !s.chance(0.6)) return;
  const sizes = s.ints(first, total - first);
  s.node('Split', [whole, sizes], { axis }, { outputs: 2 });
}

export function sliced(s: Sketch): void {
  const value = s.any(s.one([x32, x32, 'int64']), 1);
  const rank = value.shape?.length as number;
  const axis = s.int(0, rank - 1);
  const step = s.one([1, 1, 2, -1]);
  const [from, to] = step < 0 ? [-1, -(2 ** 31)] : [s.one([0, 1, -2]), s.one([2, -1, 2 ** 31 - 1])];
  s.op('Slice', [
    value,
    s.ints(from),
    s.ints(to),
    s.ints(s.chance(0.3) ? axis - rank : axis),
    ...(step === 1 && s.chance(0.5) ? [] : [s.ints(step)]),
  ]);
}

export function gathered(s: Sketch): void {
  const value = s.any(s.one([x32, x32, 'int64', 'string']), 1);
  const rank = value.shape?.length as number;
  const axis = s.int(0, rank - 1);
  const size = value.shape?.[axis];
  if (size === 0) throw new Unavailable();
  const index = s.numbers('int64', s.one([0, -1, 0]), s.one([[], [1]]));
  s.op('Gather', [value, index], { axis });
}

export function padded(s: Sketch): void {
  const value = s.any(x32, 1, 4);
  const count = 2 * (value.shape?.length as number);
  const pads = Array.from({ length: count }, () => s.one([0, 0, 1, 2]));
  s.op(
    'Pad',
    [value, s.ints(...pads), ...(s.chance(0.5) ? [s.numbers(x32, s.one([0, 1, -1]))] : [])],
    s.chance(0.2) ? { mode: 'edge' } : {},
  );
}

export function resized(s: Sketch): void {
  const value = s.want(x32, [s.dim(), 2, 3, 4]);
  s.op('Resize', [value, undefined, s.numbers(x32, [1, 1, 2, s.one([1, 2, 1.5])])], {
    mode: s.one(['nearest', 'linear']),
    coordinate_transformation_mode: s.one(['asymmetric', 'half_pixel', 'align_corners']),
  });
}

/** Random, but only its shape is read. */
export function randomShape(s: Sketch): void {
  if (s.opset >= 22) throw new Unavailable();
  const value = s.g.op('RandomNormalLike', [s.any(x32, 1)]);
  s.infer(value.producer as never);
  value.name = `random ${s.int(0, 1e9)}`;
  s.op('Shape', [value]);
}
