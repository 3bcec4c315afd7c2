/** Sequences, optionals and strings. */

import { maxOf } from '../../ir/collections/lists.js';
import { axisOf } from '../../ir/dims/axes.js';
import { dataTypeOfCode, type Type, tensorType } from '../../ir/types.js';
import type { Call, InferRule } from '../call.js';
import { joinTypes } from '../join.js';
import { exact } from '../precision.js';
import type { Rows } from '../row.js';
import { like } from '../shapes.js';

const sequenceOf = (elem: Type | undefined): Type | undefined => elem && { kind: 'sequence', elem };

const elementOf = (type: Type | undefined): Type | undefined =>
  type?.kind === 'sequence' || type?.kind === 'optional' ? type.elem : undefined;

/** Elements of different shapes have none in common. */
const either = (a: Type | undefined, b: Type | undefined): Type | undefined => joinTypes(a, b, () => undefined);

/** An element that is taken out may be any: dims that elements have of their own become the output's. */
function take(call: Call, type: Type | undefined): void {
  if (type?.kind === 'tensor') call.set(0, type.shape, type.elem);
  else call.setType(0, type);
}

const construct: InferRule = (call) => {
  let elem = call.type(0);
  for (let index = 1; index < call.inputCount; index++) elem = either(elem, call.type(index));
  call.setType(0, sequenceOf(elem));
};

const insert: InferRule = (call) => {
  const known = call.type(0);
  // A sequence that was made empty has elements of no shape yet.
  call.setType(0, known?.kind === 'sequence' ? sequenceOf(either(known.elem, call.type(1)) ?? known.elem) : undefined);
};

const empty: InferRule = (call) => {
  const code = call.int('dtype', 1);
  const elem = dataTypeOfCode(code) ?? 'float32';
  call.setType(0, sequenceOf(tensorType(elem)));
};

const splitToSequence: InferRule = (call) => {
  const shape = call.shape(0);
  const elem = call.elem(0);
  const axis = shape && axisOf(call.int('axis', 0), shape.length);
  if (!elem) return;
  if (!shape || axis === undefined || call.has(1)) {
    const size = call.has(1) && call.rank(1) === 0 ? call.scalar(1) : undefined;
    const isEven = shape && axis !== undefined && typeof size === 'number' && isMultiple(shape[axis], size);
    const parts = isEven ? shape.map((dim, at) => (at === axis ? (size as number) : dim)) : undefined;
    return call.setType(0, sequenceOf(tensorType(elem, parts)));
  }
  const isKept = call.int('keepdims', 1) !== 0;
  const part = isKept ? shape.map((dim, at) => (at === axis ? 1 : dim)) : shape.filter((_, at) => at !== axis);
  call.setType(0, sequenceOf(tensorType(elem, part)));
};

const isMultiple = (dim: unknown, size: number): boolean => typeof dim === 'number' && size > 0 && dim % size === 0;

const concatFromSequence: InferRule = (call) => {
  const elem = elementOf(call.type(0));
  if (elem?.kind !== 'tensor') return;
  if (!elem.shape) return call.set(0, undefined, elem.elem);
  const isNew = call.int('new_axis', 0) !== 0;
  const rank = elem.shape.length + (isNew ? 1 : 0);
  const axis = axisOf(call.int('axis', 0), rank);
  if (axis === undefined) return call.set(0, undefined, elem.elem);
  const shape = isNew
    ? [...elem.shape.slice(0, axis), undefined, ...elem.shape.slice(axis)]
    : elem.shape.map((dim, at) => (at === axis ? undefined : dim));
  call.set(0, shape, elem.elem);
};

const sequenceMap: InferRule = (call) => {
  const body = call.body('body');
  if (!body) return;
  const inputs = body.inputs.map((_, index) => {
    const type = call.type(index);
    return { type: type?.kind === 'sequence' ? type.elem : type };
  });
  // Elements may differ in what is not known inside the body.
  call.infer(body, inputs).forEach(({ type }, index) => {
    call.setType(index, sequenceOf(type?.kind === 'tensor' ? tensorType(type.elem) : type));
  });
};

const optional: InferRule = (call) => {
  const attribute = call.attribute('type');
  const elem = call.has(0) ? call.type(0) : attribute?.type === 'type_proto' ? attribute.value : undefined;
  call.setType(0, elem && { kind: 'optional', elem });
};

const scalarOutput: InferRule = (call) => {
  call.set(0, []);
  call.setContents(0, undefined);
};

const stringSplit: InferRule = (call) => {
  const shape = call.shape(0);
  call.set(0, shape && [...shape, undefined]);
  call.set(1, shape);
};

export const sequences: Rows = {
  SequenceConstruct: { infer: construct, precision: exact },
  SequenceEmpty: { infer: empty, precision: exact },
  SequenceInsert: { infer: insert, precision: exact },
  SequenceErase: { infer: (call) => call.setType(0, call.type(0)), precision: exact },
  SequenceAt: { infer: (call) => take(call, elementOf(call.type(0))), precision: exact },
  SequenceLength: { infer: scalarOutput },
  SequenceMap: { infer: sequenceMap, precision: exact },
  SplitToSequence: { infer: splitToSequence, precision: exact },
  ConcatFromSequence: { infer: concatFromSequence, precision: exact },
  Optional: { infer: optional, precision: exact },
  OptionalHasElement: { infer: scalarOutput },
  OptionalGetElement: {
    precision: exact,
    infer: (call) => take(call, call.type(0)?.kind === 'optional' ? elementOf(call.type(0)) : call.type(0)),
  },
  RegexFullMatch: { infer: like() },
  StringSplit: { infer: stringSplit },
  StringNormalizer: { infer: stringNormalizer },
  TfIdfVectorizer: { infer: tfIdfVectorizer },
};

/** One column for each index that an n-gram can have. */
function tfIdfVectorizer(call: Call): void {
  const shape = call.shape(0);
  const indexes = call.ints('ngram_indexes');
  const columns = indexes && maxOf(indexes) + 1;
  call.set(0, shape && [...shape.slice(0, -1), columns]);
}

/** Stop words leave the last axis; where none is left, one empty text stays. */
function stringNormalizer(call: Call): void {
  const stopwords = call.attribute('stopwords');
  const isWhole = stopwords?.type !== 'strings' || stopwords.value.length === 0;
  const shape = call.shape(0);
  call.set(
    0,
    shape?.map((dim, axis, { length }) => (isWhole || axis < length - 1 ? dim : undefined)),
  );
}
