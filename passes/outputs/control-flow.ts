/** Sequences that come out of If, Loop and SequenceMap: the node is given a tensor output for each tensor that they are made of. */
import { GraphBuilder } from '../../src/ir/build.js';
import { type Dim, unknownDim } from '../../src/ir/dims/dims.js';
import type { Graph } from '../../src/ir/graph.js';
import type { Node } from '../../src/ir/node.js';
import { equalShapes, type TensorType, tensorType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { fill } from '../../src/ir/whole-model/clone.js';
import { joinTypes } from '../../src/ops/join.js';
import { isUniform } from './elements.js';
import type { TensorForm } from './form.js';
import { current, withOutputs } from './replace.js';

type FormReader = (value: Value) => TensorForm | undefined;

/** The tensors that a form is made of. */
const tensorsOf = (form: TensorForm): readonly Value[] | undefined => {
  if (form.kind === 'list') return form.items;
  if (form.kind === 'absent') return [];
  return form.kind === 'packed' || form.kind === 'optional' ? undefined : [form.tensor];
};

/** If: both branches come to the same form ⟶ that form of its new outputs. */
export function branchForm(node: Node, index: number, read: FormReader): TensorForm | undefined {
  const bodies = node.bodies;
  const forms = bodies.map((body) => {
    const form = read(body.outputs[index] as Value);
    // A branch may return a value from outside; that value's form stays as it is.
    return form && { form, tensors: tensorsOf(form) };
  });
  const [a, b] = forms;
  if (!a?.tensors || !b?.tensors || shapeOf(a.form) !== shapeOf(b.form)) return undefined;
  if (a.tensors.length === 0) return a.form;
  const outputs = withOutputs(node, [a.tensors, b.tensors]);
  outputs.forEach((value, at) => {
    const fill = (shape: readonly (Dim | undefined)[] | undefined) => shape?.map((dim) => dim ?? unknownDim());
    value.type = joinTypes(a.tensors?.[at]?.type, b.tensors?.[at]?.type, fill);
  });
  if (a.form.kind === 'list') return { kind: 'list', items: outputs };
  return { ...a.form, tensor: outputs[0] as Value } as TensorForm;
}

/** The part of two forms that must be equal for them to be one. */
function shapeOf(form: TensorForm): string {
  if (form.kind === 'list') return `list ${form.items.length}`;
  return form.kind === 'maps' ? JSON.stringify([form.keys, form.labels]) : form.kind;
}

/**
 * Loop: a sequence to which each run of the body appends one tensor, all of one shape ⟶ a scan output, behind the
 * earlier content of the sequence. A sequence that the body returns unchanged stays.
 */
export function loopForm(node: Node, index: number, read: FormReader): TensorForm | undefined {
  const [body] = node.bodies as readonly [Graph];
  const carried = body.inputs[index + 2];
  const last = source(body.outputs[index + 1] as Value);
  if (!carried) return undefined;
  if (last === carried) return read(node.inputs[index + 2] as Value);
  const insert = last.producer;
  if (!insert?.is('SequenceInsert') || insert.graph !== body || insert.inputs[2]) return undefined;
  const [before, element] = insert.inputs as readonly [Value, Value];
  if (source(before) !== carried || element.type?.kind !== 'tensor' || !isUniform(element.type)) return undefined;
  const first = read(node.inputs[index + 2] as Value);
  if (first?.kind !== 'list') return undefined;
  const { elem, shape } = element.type as TensorType;
  // If the body never runs, a dim that is known only from a run is 0, and nothing can stand before that.
  const isSized = shape?.every((dim) => typeof dim === 'number') ?? false;
  if (first.items.some((item) => !isSized || !equalShapes(current(item).shape, shape))) return undefined;
  const [scan] = withOutputs(node, [[element]]) as [Value];
  scan.type = tensorType(elem, [unknownDim(), ...(shape ?? [])]);
  if (first.items.length === 0) return { kind: 'stack', tensor: scan };
  const { graph } = scan;
  const parts = first.items.map((item) => new GraphBuilder(graph).unsqueeze(current(item), [0]));
  const { output } = graph.add('Concat', [...parts, scan], { attributes: { axis: 0 } });
  output.type = scan.type;
  return { kind: 'stack', tensor: output };
}

/** A value behind Identity nodes. */
function source(value: Value): Value {
  let one = value;
  while (one.producer?.is('Identity') && one.producer.inputs[0]) one = one.producer.inputs[0];
  return one;
}

/** SequenceMap over sequences of known length ⟶ its body once for each element. */
export function mapForm(node: Node, index: number, read: FormReader): TensorForm | undefined {
  const [body] = node.bodies as readonly [Graph];
  const forms = node.inputs.map((value): TensorForm | undefined =>
    value?.type?.kind === 'tensor' ? { kind: 'tensor', tensor: value } : value && read(value),
  );
  const [first] = forms;
  if (first?.kind !== 'list') return undefined;
  const handed = first.items.map((_, at) =>
    forms.map((form) => (form?.kind === 'list' ? form.items[at] : form?.kind === 'tensor' ? form.tensor : undefined)),
  );
  if (handed.some((values) => values.includes(undefined))) return undefined;
  const items = handed.map((values) => {
    const copies = new Map(body.inputs.map((input, at) => [input, current(values[at] as Value)]));
    fill(node.graph, body, copies, { isInlined: true });
    const result = body.outputs[index] as Value;
    return copies.get(result) ?? result;
  });
  return { kind: 'list', items };
}
