/** ai.onnx.ml: what is inferred, and that onnxruntime gives it. */
import { describe } from 'vitest';
import { float, floats } from '../../src/ir/attribute.js';
import { typed } from './cases.js';

const x = 'float32';
const ml = { domain: 'ai.onnx.ml' };
const bs = [{ b: 2 }, { b: 1 }];

/** One tree of one branch and two leaves. */
const stump = {
  nodes_treeids: [0, 0, 0],
  nodes_nodeids: [0, 1, 2],
  nodes_featureids: [0, 0, 0],
  nodes_modes: ['BRANCH_LEQ', 'LEAF', 'LEAF'],
  nodes_values: floats([0.5, 0, 0]),
  nodes_truenodeids: [1, 0, 0],
  nodes_falsenodeids: [2, 0, 0],
};

describe('operators of ai.onnx.ml', () => {
  typed('Normalizer', (g) => g.op('Normalizer', [g.input('x', x, ['b', 3])], { norm: 'L2' }, ml), ['float32[b, 3]'], {
    sizes: bs,
  });
  typed(
    'Normalizer of whole numbers',
    (g) => g.op('Normalizer', [g.input('x', 'int64', ['b', 3])], { norm: 'L2' }, ml),
    ['float32[b, 3]'],
    { sizes: bs },
  );
  typed(
    'Scaler of whole numbers',
    (g) =>
      g.op('Scaler', [g.input('x', 'int64', ['b', 3])], { offset: floats([0, 1, 2]), scale: floats([1, 1, 1]) }, ml),
    ['float32[b, 3]'],
    { sizes: bs },
  );
  typed(
    'Imputer',
    (g) =>
      g.op(
        'Imputer',
        [g.input('x', x, ['b', 3])],
        { imputed_value_floats: floats([1]), replaced_value_float: float(0) },
        ml,
      ),
    ['float32[b, 3]'],
    { sizes: bs },
  );
  typed(
    'OneHotEncoder',
    (g) => g.op('OneHotEncoder', [g.input('x', 'int64', ['b', 2])], { cats_int64s: [1, 2, 3], zeros: 1 }, ml),
    ['float32[b, 2, 3]'],
    { sizes: bs },
  );
  typed(
    'FeatureVectorizer',
    (g) =>
      g.op(
        'FeatureVectorizer',
        [g.input('x', x, ['b', 2]), g.input('y', x, ['b', 3])],
        { inputdimensions: [2, 3] },
        ml,
      ),
    ['float32[b, 5]'],
    { sizes: bs },
  );
  typed(
    'CategoryMapper',
    (g) =>
      g.op('CategoryMapper', [g.input('x', 'int64', ['b', 2])], { cats_int64s: [1, 2], cats_strings: ['a', 'b'] }, ml),
    ['string[b, 2]'],
    { sizes: bs },
  );
  typed(
    'LabelEncoder',
    (g) =>
      g.op(
        'LabelEncoder',
        [g.input('x', 'int64', ['b', 2])],
        { keys_int64s: [1, 2], values_floats: floats([1, 2]) },
        ml,
      ),
    ['float32[b, 2]'],
    { sizes: bs },
  );
  for (const [label, rows] of [
    ['one row of coefficients', 1],
    ['two rows of coefficients', 2],
  ] as const)
    typed(
      `LinearClassifier of two classes, ${label}`,
      (g) =>
        g.node(
          'LinearClassifier',
          [g.input('x', x, ['b', 2])],
          {
            coefficients: floats(new Array(2 * rows).fill(0.5)),
            intercepts: floats(new Array(rows).fill(0)),
            classlabels_ints: [0, 1],
            post_transform: 'LOGISTIC',
          },
          { ...ml, outputs: 2 },
        ).outputs as never,
      ['int64[b]', 'float32[b, 2]'],
      { sizes: bs },
    );
  typed(
    'LinearClassifier of three classes',
    (g) =>
      g.node(
        'LinearClassifier',
        [g.input('x', x, ['b', 2])],
        {
          coefficients: floats([1, 2, 3, 4, 5, 6]),
          intercepts: floats([0, 0, 0]),
          classlabels_strings: ['a', 'b', 'c'],
        },
        { ...ml, outputs: 2 },
      ).outputs as never,
    ['string[b]', 'float32[b, 3]'],
    { sizes: bs },
  );
  for (const [label, classes, ids] of [
    ['two classes, one of them weighed', [0, 1], [0, 0]],
    ['two classes', [0, 1], [0, 1]],
    ['three classes', [0, 1, 2], [0, 2]],
  ] as const)
    typed(
      `TreeEnsembleClassifier of ${label}`,
      (g) =>
        g.node(
          'TreeEnsembleClassifier',
          [g.input('x', x, ['b', 2])],
          {
            ...stump,
            class_treeids: [0, 0],
            class_nodeids: [1, 2],
            class_ids: [...ids],
            class_weights: floats([0.25, 0.75]),
            classlabels_int64s: [...classes],
          },
          { ...ml, outputs: 2 },
        ).outputs as never,
      ['int64[b]', `float32[b, ${classes.length}]`],
      { sizes: bs },
    );
  typed(
    'TreeEnsembleRegressor',
    (g) =>
      g.op(
        'TreeEnsembleRegressor',
        [g.input('x', x, ['b', 2])],
        {
          ...stump,
          target_treeids: [0, 0],
          target_nodeids: [1, 2],
          target_ids: [0, 0],
          target_weights: floats([0.25, 0.75]),
          n_targets: 1,
        },
        ml,
      ),
    ['float32[b, 1]'],
    { sizes: bs },
  );
  typed(
    'SVMRegressor',
    (g) =>
      g.op(
        'SVMRegressor',
        [g.input('x', x, ['b', 2])],
        {
          kernel_type: 'LINEAR',
          coefficients: floats([1, 1]),
          support_vectors: floats([1, 2, 3, 4]),
          n_supports: 2,
          rho: floats([0]),
          kernel_params: floats([1, 0, 3]),
        },
        ml,
      ),
    ['float32[b, 1]'],
    { sizes: bs },
  );
  typed(
    'SVMClassifier of two classes',
    (g) =>
      g.node(
        'SVMClassifier',
        [g.input('x', x, ['b', 2])],
        {
          kernel_type: 'LINEAR',
          coefficients: floats([1, -1]),
          support_vectors: floats([1, 2, 3, 4]),
          vectors_per_class: [1, 1],
          rho: floats([0]),
          kernel_params: floats([1, 0, 3]),
          classlabels_ints: [0, 1],
        },
        { ...ml, outputs: 2 },
      ).outputs as never,
    ['int64[b]', 'float32[b, 2]'],
    { sizes: bs },
  );
  for (const [label, probabilities, columns] of [
    ['without probabilities: a score for each pair', {}, 6],
    ['with probabilities', { prob_a: floats(new Array(6).fill(-1)), prob_b: floats(new Array(6).fill(0)) }, 4],
  ] as const)
    typed(
      `SVMClassifier of four classes ${label}`,
      (g) =>
        g.node(
          'SVMClassifier',
          [g.input('x', x, ['b', 2])],
          {
            kernel_type: 'LINEAR',
            coefficients: floats(new Array(12).fill(0.5)),
            support_vectors: floats([1, 2, 3, 4, 5, 6, 7, 8]),
            vectors_per_class: [1, 1, 1, 1],
            rho: floats(new Array(6).fill(0)),
            kernel_params: floats([1, 0, 3]),
            classlabels_ints: [0, 1, 2, 3],
            ...probabilities,
          },
          { ...ml, outputs: 2 },
        ).outputs as never,
      ['int64[b]', `float32[b, ${columns}]`],
      { sizes: bs },
    );
});
