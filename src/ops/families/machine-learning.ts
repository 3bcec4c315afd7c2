/** Operators of ai.onnx.ml. */
import { productOf } from '../../ir/dims/dims.js';
import { tensorType } from '../../ir/types.js';
import type { Call, InferRule, PartialDim } from '../call.js';
import type { Rows } from '../row.js';
import { like } from '../shapes.js';

const length = (call: Call, name: string): number | undefined => {
  const attribute = call.attribute(name);
  if (attribute?.type === 'ints' || attribute?.type === 'floats' || attribute?.type === 'strings')
    return attribute.value.length;
  return attribute?.type === 'tensor' ? attribute.value.shape[0] : undefined;
};

/** Rows of a matrix; a vector is one row. */
const rows = (call: Call): PartialDim => {
  const shape = call.shape(0);
  return shape && (shape.length === 1 ? 1 : shape[0]);
};

const labels = (call: Call): number | undefined =>
  length(call, 'classlabels_strings') ||
  length(call, 'classlabels_ints') ||
  length(call, 'classlabels_int64s') ||
  undefined;

/** One label a row, and scores: one for each class, unless `scores` says otherwise. */
const classifier =
  (scores: (call: Call, classes: number) => number = (_, classes) => classes): InferRule =>
  (call) => {
    call.set(0, [rows(call)], length(call, 'classlabels_strings') ? 'string' : 'int64');
    const count = labels(call);
    call.set(1, [rows(call), count !== undefined && count > 1 ? scores(call, count) : undefined], 'float32');
  };

/** Support vectors vote on each pair of classes, and probabilities make scores of classes of that. */
const pairs = (call: Call, classes: number): number =>
  classes > 2 && length(call, 'vectors_per_class') && !length(call, 'prob_a') ? (classes * (classes - 1)) / 2 : classes;

const regressor =
  (targets: string): InferRule =>
  (call) =>
    call.set(0, [rows(call), call.int(targets)], 'float32');

const treeEnsemble: InferRule = (call) => call.set(0, [rows(call), call.int('n_targets')], call.elem(0));

const labelEncoder: InferRule = (call) => {
  const values = ['int64s', 'floats', 'strings'].find((kind) => length(call, `values_${kind}`) !== undefined);
  const tensor = call.tensor('values_tensor');
  const elem =
    values === 'int64s' ? 'int64' : values === 'floats' ? 'float32' : values === 'strings' ? 'string' : undefined;
  // Opset 1 translates between strings and numbers.
  const old = call.elem(0) === 'string' ? 'int64' : 'string';
  call.set(0, call.shape(0), call.opset < 2 ? old : (elem ?? tensor?.type));
};

const zipMap: InferRule = (call) => {
  const key = length(call, 'classlabels_strings') ? 'string' : 'int64';
  call.setType(0, { kind: 'sequence', elem: { kind: 'map', key, value: tensorType('float32', []) } });
};

const featureVectorizer: InferRule = (call) => {
  const sizes = call.ints('inputdimensions');
  call.set(0, [rows(call), sizes?.reduce((sum, size) => sum + size, 0)], 'float32');
};

const arrayFeatureExtractor: InferRule = (call) => {
  const data = call.shape(0);
  const picked = call.shape(1);
  // The runtime makes a row of a vector.
  const count = picked && productOf(picked);
  call.set(0, data && (data.length === 1 ? [1, count] : [...data.slice(0, -1), count]));
};

const oneHotEncoder: InferRule = (call) => {
  const shape = call.shape(0);
  call.set(0, shape && [...shape, length(call, 'cats_int64s') ?? length(call, 'cats_strings')], 'float32');
};

const dictVectorizer: InferRule = (call) => {
  const type = call.type(0);
  const value = type?.kind === 'map' ? type.value : undefined;
  const columns = length(call, 'string_vocabulary') ?? length(call, 'int64_vocabulary');
  call.set(0, [1, columns], value?.kind === 'tensor' ? value.elem : undefined);
};

const castMap: InferRule = (call) => {
  const to = call.string('cast_to') ?? 'TO_FLOAT';
  const elem = to === 'TO_STRING' ? 'string' : to === 'TO_INT64' ? 'int64' : 'float32';
  call.set(0, [1, undefined], elem);
};

const categoryMapper: InferRule = (call) => call.set(0, call.shape(0), call.elem(0) === 'string' ? 'int64' : 'string');

export const machineLearning: Rows = {
  ArrayFeatureExtractor: { infer: arrayFeatureExtractor },
  Binarizer: { infer: like() },
  CastMap: { infer: castMap },
  CategoryMapper: { infer: categoryMapper },
  DictVectorizer: { infer: dictVectorizer },
  FeatureVectorizer: { infer: featureVectorizer },
  Imputer: { infer: like() },
  LabelEncoder: { infer: labelEncoder },
  LinearClassifier: { infer: classifier() },
  LinearRegressor: { infer: regressor('targets') },
  Normalizer: { infer: like() },
  OneHotEncoder: { infer: oneHotEncoder },
  SVMClassifier: { infer: classifier(pairs) },
  SVMRegressor: { infer: (call) => call.set(0, [rows(call), 1], 'float32') },
  Scaler: { infer: like() },
  TreeEnsemble: { infer: treeEnsemble },
  TreeEnsembleClassifier: { infer: classifier() },
  TreeEnsembleRegressor: { infer: regressor('n_targets') },
  ZipMap: { infer: zipMap },
};
