/** Tensors out of sequences and optionals, by operators that work on any of them, however they were made. */
import { unknownDim } from '../ir/dims/dims.js';
import { Graph } from '../ir/graph.js';
import { tensorOf } from '../ir/tensors/numbers.js';
import { elementCount, memoryTensor, stringTensor, type Tensor } from '../ir/tensors/tensor.js';
import {
  byteLengthOf,
  type DataType,
  dataTypes,
  type Shape,
  type TensorType,
  type Type,
  tensorType,
} from '../ir/types.js';
import type { Value } from '../ir/value.js';

/** Without elements where a dim is 0; of a scalar, one that means nothing. */
function emptyTensor(elem: DataType, shape: readonly number[]): Tensor {
  const count = elementCount(shape);
  return elem === 'string'
    ? stringTensor(shape, new Array<Uint8Array>(count).fill(new Uint8Array(0)))
    : memoryTensor(elem, shape, new Uint8Array(byteLengthOf(elem, count)));
}

/** A scalar or list of int64. */
export const ints = (graph: Graph, values: number | readonly number[]): Value =>
  graph.constant(tensorOf('int64', values, typeof values === 'number' ? [] : [values.length]));

/** A body for If or Loop in this scope. */
export function body(graph: Graph, name: string, define: (inner: Graph) => void): Graph {
  const inner = new Graph(graph.model, name, graph.opsets);
  define(inner);
  return inner;
}

/** One element of a sequence. */
export const elementAt = (sequence: Value, index: number): Value =>
  sequence.graph.add('SequenceAt', [sequence, ints(sequence.graph, index)]).output;

/** The elements, all of one shape, stacked along a new first axis; [0, …] where there is none. */
export function stacked(sequence: Value, { elem, shape = [] }: TensorType): Value {
  const { graph } = sequence;
  const length = graph.add('SequenceLength', [sequence]).output;
  const some = body(graph, 'some', (inner) => {
    const attributes = { axis: 0, new_axis: 1 };
    inner.output('stack', inner.add('ConcatFromSequence', [sequence], { attributes }).output);
  });
  const none = body(graph, 'none', (inner) => {
    const sizes = shape.map((dim) => (typeof dim === 'number' ? dim : 0));
    inner.output('stack', inner.constant(emptyTensor(elem, [0, ...sizes])));
  });
  const isSome = graph.add('Greater', [length, ints(graph, 0)]).output;
  const { output } = graph.add('If', [isSome], { attributes: { then_branch: some, else_branch: none } });
  output.type = tensorType(elem, [unknownDim(), ...shape]);
  return output;
}

/**
 * The numbers of all elements one after another, and their shapes: a row for each. Where the rank is not known, the shapes stand one
 * after another too, and `ranks` says how long each is.
 */
export function packed(
  sequence: Value,
  { elem, shape }: TensorType,
): { data: Value; shapes: Value; ranks: Value | undefined } {
  const { graph } = sequence;
  const length = graph.add('SequenceLength', [sequence]).output;
  const rank = shape?.length;
  const list = (type: DataType) => tensorType(type, [unknownDim()]);
  const initial = [elem, 'int64' as const]
    .slice(0, shape ? 1 : 2)
    .map((type) => graph.constant(emptyTensor(type, [0])));
  const step = body(graph, 'pack', (inner) => {
    const index = inner.input('index', tensorType('int64', []));
    const condition = inner.input('condition', tensorType('bool', []));
    const before = initial.map((value, at) => inner.input(`before_${at}`, list(value.elem as DataType)));
    const element = inner.add('SequenceAt', [sequence, index]).output;
    element.type = tensorType(elem, shape && unknownShape(shape.length));
    const flat = inner.add('Reshape', [element, ints(inner, [-1])]).output;
    const own = inner.add('Shape', [element]).output;
    inner.output('go', inner.add('Identity', [condition]).output, tensorType('bool', []));
    [flat, own].slice(0, initial.length).forEach((value, at) => {
      const longer = inner.add('Concat', [before[at], value], { attributes: { axis: 0 } }).output;
      inner.output(`after_${at}`, longer, before[at]?.type);
    });
    if (rank === undefined) inner.output('rank', inner.add('Size', [own]).output, tensorType('int64', []));
    else inner.output('shape', own, tensorType('int64', [rank]));
  });
  const attributes = { body: step };
  const loop = graph.add('Loop', [length, undefined, ...initial], { attributes, outputs: initial.length + 1 });
  const [data, shapes, ranks] = loop.outputs as [Value, Value, Value | undefined];
  data.type = list(elem);
  shapes.type = rank === undefined ? list('int64') : tensorType('int64', [unknownDim(), rank]);
  if (ranks) ranks.type = list('int64');
  return { data, shapes, ranks };
}

export const unknownShape = (rank: number): Shape => Array.from({ length: rank }, () => unknownDim());

/** Whether an optional holds something: a bool. */
export function presence(optional: Value): Value {
  const { output } = optional.graph.add('OptionalHasElement', [optional]);
  output.type = tensorType('bool', []);
  return output;
}

/** The tensor in an optional, or one without elements. */
export function tensorOr(optional: Value, present: Value, type: TensorType): Value {
  return either(optional, present, type, (inner) => {
    const shape = type.shape?.map(() => 0) ?? [0];
    return inner.constant(emptyTensor(type.elem, shape));
  });
}

/** The sequence in an optional, or an empty one. */
export function sequenceOr(optional: Value, present: Value, elem: TensorType): Value {
  return either(optional, present, { kind: 'sequence', elem }, (inner) => emptySequence(inner, elem.elem));
}

/** The number of an element type is an attribute of SequenceEmpty. */
export function emptySequence(graph: Graph, elem: DataType): Value {
  const { output } = graph.add('SequenceEmpty', [], { attributes: { dtype: dataTypes[elem].code } });
  output.type = { kind: 'sequence', elem: tensorType(elem) };
  return output;
}

function either(optional: Value, present: Value, type: Type, otherwise: (inner: Graph) => Value): Value {
  const { graph } = optional;
  const some = body(graph, 'present', (inner) => {
    inner.output('value', inner.add('OptionalGetElement', [optional]).output);
  });
  const none = body(graph, 'absent', (inner) => {
    inner.output('value', otherwise(inner));
  });
  const { output } = graph.add('If', [present], { attributes: { then_branch: some, else_branch: none } });
  output.type = type.kind === 'tensor' ? tensorType(type.elem, type.shape && unknownShape(type.shape.length)) : type;
  return output;
}
