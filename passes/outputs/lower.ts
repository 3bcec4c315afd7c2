/**
 * A value that is no tensor ⟶ tensors.
 * First by its origin: the operators that built it are read backwards, through If, Loop and SequenceMap, to the tensors
 * that they got. A value with an unreadable origin is taken apart by operators for any sequence. The operators
 * themselves stay if another node reads them.
 */
import { packed, presence, sequenceOr, stacked, tensorOr } from '../../src/contract/extract.js';
import type { Node } from '../../src/ir/node.js';
import { constantTensor } from '../../src/ir/tensors/constants.js';
import { bigintsOf } from '../../src/ir/tensors/numbers.js';
import type { Type } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { branchForm, loopForm, mapForm } from './control-flow.js';
import { elementType, isUniform } from './elements.js';
import { FormRefusal, type TensorForm } from './form.js';
import { labelsOf } from './labels.js';
import { splitForm } from './split.js';

/** Throws Refusal. Nodes are added where the value is; `type` is the value's known type. */
export function formOf(value: Value, type: Type | undefined = value.type): TensorForm {
  if (type?.kind === 'tensor') return { kind: 'tensor', tensor: value };
  return readForm(value) ?? takenApart(value, type);
}

/** The value before nodes that only pass it on, or take it out of an optional again. */
function unwrapped(value: Value): Value {
  let one = value;
  for (;;) {
    const node = one.producer;
    const inner = node?.is('OptionalGetElement') ? node.inputs[0]?.producer : undefined;
    const next = node?.is('Identity') ? node.inputs[0] : inner?.is('Optional') ? inner.inputs[0] : undefined;
    if (!next) return one;
    one = next;
  }
}

/** By how the value was made; undefined where that does not tell. */
function readForm(last: Value): TensorForm | undefined {
  const value = unwrapped(last);
  const node = value.producer;
  if (!node || value.graph.model.functionOf(node)) return undefined;
  if (node.is('ZipMap', 'ai.onnx.ml')) return zipMapForm(node);
  if (node.domain !== '') return undefined;
  switch (node.opType) {
    case 'SequenceEmpty':
      return { kind: 'list', items: [] };
    case 'SequenceConstruct':
      return { kind: 'list', items: [...node.inputs] as readonly Value[] };
    case 'SequenceInsert':
    case 'SequenceErase':
      return editedForm(node);
    case 'SplitToSequence':
      return splitForm(node);
    case 'SequenceMap':
      return mapForm(node, value.index, readForm);
    case 'If':
      return branchForm(node, value.index, (one) => (one.type?.kind === 'tensor' ? formOf(one) : readForm(one)));
    case 'Loop':
      return loopForm(node, value.index, readForm);
    case 'Optional':
      return node.inputs[0] ? formOf(node.inputs[0]) : { kind: 'absent' };
    case 'OptionalGetElement': {
      const form = readForm(node.inputs[0] as Value);
      return form?.kind === 'absent' ? undefined : form;
    }
    default:
      return undefined;
  }
}

function zipMapForm(node: Node): TensorForm {
  const labels = labelsOf(node);
  const [tensor] = node.inputs;
  if (!labels || !tensor) throw new FormRefusal('ZipMap states no class labels', node);
  return { kind: 'maps', tensor, ...labels };
}

/** A constant position among `length`; undefined where it is not constant, or outside. */
function positionOf(value: Value | undefined, length: number, otherwise: number): number | undefined {
  if (!value) return otherwise;
  const tensor = constantTensor(value);
  const given = tensor && Number(bigintsOf(tensor)[0]);
  const position = given !== undefined && given < 0 ? given + length : given;
  return position !== undefined && position >= 0 && position <= otherwise ? position : undefined;
}

const isEdit = (node: Node | undefined): node is Node =>
  node !== undefined && (node.is('SequenceInsert') || node.is('SequenceErase'));

/** A list that nodes made of another by putting one item in or taking one out, each behind the other. */
function editedForm(last: Node): TensorForm | undefined {
  const edits: Node[] = [];
  for (let node: Node | undefined = last; isEdit(node); node = node.inputs[0]?.producer) edits.push(node);
  const before = readForm(edits.at(-1)?.inputs[0] as Value);
  if (before?.kind !== 'list') return undefined;
  const items = [...before.items];
  for (const node of edits.reverse()) {
    // Read after the form was made: that may have put another node in the place of the tensor's.
    const isInsert = node.is('SequenceInsert');
    const at = positionOf(node.inputs[isInsert ? 2 : 1], items.length, isInsert ? items.length : items.length - 1);
    if (at === undefined) return undefined;
    if (isInsert) items.splice(at, 0, node.inputs[1] as Value);
    else items.splice(at, 1);
  }
  return { kind: 'list', items };
}

/** By operators that work on any sequence or optional. */
function takenApart(value: Value, type: Type | undefined): TensorForm {
  if (type?.kind === 'optional') return optionalForm(value, type.elem);
  if (type?.kind === 'sequence' && (type.elem === undefined || type.elem.kind === 'tensor')) return sequenceForm(value);
  if (type?.kind === 'sequence' && type.elem?.kind === 'map')
    throw new FormRefusal('a sequence of maps that no ZipMap with known labels makes', value);
  throw new FormRefusal(type ? `its kind, ${type.kind}, has no form in tensors` : 'its type is not known', value);
}

function sequenceForm(sequence: Value): TensorForm {
  const elem = elementType(sequence);
  if (!elem) throw new FormRefusal("its elements' type is not known", sequence);
  if (isUniform(elem)) return { kind: 'stack', tensor: stacked(sequence, elem) };
  return { kind: 'packed', ...packed(sequence, elem) };
}

function optionalForm(optional: Value, type: Type | undefined): TensorForm {
  if (type?.kind === 'tensor' && type.elem !== 'undefined') {
    const present = presence(optional);
    return { kind: 'optional', present, form: { kind: 'tensor', tensor: tensorOr(optional, present, type) } };
  }
  const elem = elementType(optional) ?? (type?.kind === 'sequence' ? type.elem : undefined);
  if (type?.kind !== 'sequence' || elem?.kind !== 'tensor' || elem.elem === 'undefined')
    throw new FormRefusal('an optional of unknown content', optional);
  const present = presence(optional);
  const sequence = sequenceOr(optional, present, elem);
  return { kind: 'optional', present, form: sequenceForm(sequence) };
}
