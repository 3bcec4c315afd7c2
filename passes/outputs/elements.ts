/** Finds the common type of a sequence's elements from the nodes that put them in. */

import { fromStart } from '../../src/ir/dims/axes.js';
import { unknownDim } from '../../src/ir/dims/dims.js';
import { isUnknown } from '../../src/ir/dims/symbols.js';
import type { Graph } from '../../src/ir/graph.js';
import type { Node } from '../../src/ir/node.js';
import { type TensorType, type Type, tensorType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { joinTypes } from '../../src/ops/join.js';

/** `none`: nothing was put in yet. */
type CommonType = Type | 'none' | undefined;

/** The type that every element has; a dim in which elements may differ is unknown. Undefined where no element type is known. */
export function elementType(sequence: Value): TensorType | undefined {
  const found = common(sequence, new Set());
  const { type } = sequence;
  const declared = type?.kind === 'sequence' ? type.elem : undefined;
  const best = found === 'none' || found === undefined ? declared : found;
  return best?.kind === 'tensor' && best.elem !== 'undefined' ? best : undefined;
}

/** Ops whose output has the elements of their first input; a SequenceInsert one more. */
const passing = new Set(['SequenceInsert', 'SequenceErase', 'Identity', 'Optional', 'OptionalGetElement']);

function common(last: Value | undefined, seen: Set<Value>): CommonType {
  const added: CommonType[] = [];
  let sequence = last;
  while (sequence?.producer?.domain === '' && passing.has(sequence.producer.opType) && !seen.has(sequence)) {
    seen.add(sequence);
    const { inputs, opType }: Node = sequence.producer;
    if (opType === 'SequenceInsert') added.push(inputs[1]?.type);
    sequence = inputs[0];
  }
  return added.reduceRight(join, commonBelow(sequence, seen));
}

function commonBelow(sequence: Value | undefined, seen: Set<Value>): CommonType {
  if (!sequence) return undefined;
  // Round a loop nothing new comes in.
  if (seen.has(sequence)) return 'none';
  seen.add(sequence);
  const node = sequence.producer;
  const declared = sequence.type?.kind === 'sequence' ? sequence.type.elem : undefined;
  if (!node) return sequence.graph.owner?.is('Loop') ? carriedIn(sequence, seen) : declared;
  if (node.domain !== '') return declared;
  switch (node.opType) {
    case 'SequenceEmpty':
      return 'none';
    case 'SequenceConstruct':
      return node.inputs.map((value): CommonType => value?.type).reduce(join, 'none');
    case 'If':
      return node.bodies.map((body) => common(body.outputs[sequence.index], seen)).reduce(join, 'none');
    case 'Loop': {
      const last = node.bodies[0]?.outputs[sequence.index + 1];
      return perRun(join(common(node.inputs[sequence.index + 2], seen), common(last, seen)));
    }
    case 'SplitToSequence':
      return declared?.kind === 'tensor' && !declared.shape ? partOf(node) : declared;
    case 'SequenceMap':
      return perRun(node.bodies[0]?.outputs[sequence.index]?.type);
    default:
      return declared;
  }
}

/** A part of a tensor along an axis, of a size that only a run tells. */
function partOf(node: Node): CommonType {
  const type = node.inputs[0]?.type;
  if (type?.kind !== 'tensor' || !type.shape) return type;
  const axis = fromStart(node.int('axis', 0), type.shape.length);
  return tensorType(
    type.elem,
    type.shape.map((dim, at) => (at === axis ? unknownDim() : dim)),
  );
}

/** The common type of a loop's carried sequence: earlier elements, and those from the body. */
function carriedIn(value: Value, seen: Set<Value>): CommonType {
  const loop = (value.graph as Graph).owner;
  return join(common(loop?.inputs[value.index], seen), common(value.graph.outputs[value.index - 1], seen));
}

function join(a: CommonType, b: CommonType): CommonType {
  if (a === 'none') return b;
  if (b === 'none') return a;
  return joinTypes(a, b, (shape) => shape?.map((dim) => dim ?? unknownDim()));
}

/** A dim that is unknown in a body is another one in each run of it. */
const perRun = (type: CommonType): CommonType =>
  type !== 'none' && type?.kind === 'tensor' && type.shape
    ? tensorType(
        type.elem,
        type.shape.map((dim) => (isUnknown(dim) ? unknownDim() : dim)),
      )
    : type;

/** True where all elements are known to have one shape. */
export const isUniform = ({ shape }: TensorType): boolean => shape?.every((dim) => !isUnknown(dim)) ?? false;
