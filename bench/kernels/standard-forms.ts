/** Forms of the operators of ai.onnx: those of ONNX's own node tests, each at the operator set of its case. */

import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { numbersOf, tensorOf } from '../../src/ir/tensors/numbers.js';
import { type DataType, dataTypes } from '../../src/ir/types.js';
import { readModel } from '../../src/onnx/read.js';
import { type BackendCase, type Observed, readCases } from '../../test/infer/backend-cases.js';
import { elemOf, type Form, type Operand } from './form.js';

/** The most forms of one version of an operator: further ones differ in nothing that kernels depend on. */
const MOST_FORMS = 6;

/** Operators whose axes, sizes and indices are constants in models. Kernels may refuse computed ones. */
const takesConstants = new Set(
  (
    'Reshape Expand Slice Unsqueeze Squeeze Tile Pad Split ConstantOfShape Range TopK Resize Upsample CumSum OneHot Trilu ' +
    'CenterCropPad ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceSumSquare'
  ).split(' '),
);

/** One form for each distinct signature of each version of an operator, without bodies, between tensors. */
export async function standardForms(): Promise<Form[]> {
  const forms = new Map<string, Form>();
  const counts = new Map<string, number>();
  for (const one of readCases()) {
    const form = await formOf(one);
    if (!form) continue;
    const version = `${form.opType} ${form.opset}`;
    const operands = form.inputs.map((operand) => operand && ('elem' in operand ? operand.elem : operand.tensor.type));
    const signature = `${version} ${operands} ${Object.keys(form.attributes)}`;
    const count = counts.get(version) ?? 0;
    if (forms.has(signature) || count >= MOST_FORMS) continue;
    counts.set(version, count + 1);
    forms.set(signature, form);
  }
  return [...forms.values()];
}

async function formOf(one: BackendCase): Promise<Form | undefined> {
  const model = await readModel(one.model);
  const nodes = [...model.graph.nodes()];
  const node = nodes[0];
  if (!node || nodes.length > 1 || node.domain !== '' || node.bodies.length > 0) return undefined;
  // A Cast depends on two types: `castForms` has a form for each pair.
  if (node.is('Cast') || node.is('CastLike')) return undefined;
  const inputs = node.inputs.map((value, index) => operandOf(model, one, node, index, elemOf(value?.type)));
  const outputs = node.outputs.map((value) => elemOf(value?.type));
  if (inputs.includes(null) || node.outputs.some((value, index) => value && !outputs[index])) return undefined;
  return {
    opType: node.opType,
    domain: '',
    opset: model.graph.opsets.get('') ?? 1,
    name: one.name.replace(/^test_/, ''),
    inputs: inputs as Operand[],
    outputs,
    attributes: Object.fromEntries(node.attributes),
  };
}

/** Null where an input is no tensor. */
function operandOf(
  model: Model,
  { inputs }: BackendCase,
  node: Node,
  index: number,
  elem: DataType | undefined,
): Operand | null {
  const value = node.inputs[index];
  if (!value) return undefined;
  if (value.tensor) return { tensor: tensorOf(value.tensor.type, numbersOf(value.tensor), value.tensor.shape) };
  const given: Observed | undefined = inputs[model.graph.inputs.indexOf(value)];
  if (!elem || !given || !('elem' in given)) return null;
  const isConstant = index > 0 && takesConstants.has(node.opType) && (elem === 'int64' || node.is('Resize'));
  if (isConstant && given.numbers && dataTypes[elem].bits >= 8)
    return { tensor: tensorOf(elem, given.numbers, given.shape) };
  return { elem, shape: given.shape };
}
