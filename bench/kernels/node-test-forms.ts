/** Takes the forms of ai.onnx's operators from ONNX's own node tests, each at the operator set of its case, and prints them for the library. */

import { type Attribute, textOf, toAttribute } from '../../src/ir/attribute.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { numbersOf, tensorOf } from '../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../src/ir/tensors/tensor.js';
import { type DataType, dataTypes } from '../../src/ir/types.js';
import { readModel } from '../../src/onnx/read.js';
import { elemOf, type Operand, type ProbedForm } from '../../src/runtime/kernels/probe/form.js';
import type {
  JsonAttribute,
  JsonForm,
  JsonNumber,
  JsonOperand,
  JsonTensor,
} from '../../src/runtime/kernels/probe/forms/form-text.js';
import { type BackendCase, type Observed, readCases } from '../../test/infer/backend-cases.js';

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
async function nodeTestForms(): Promise<ProbedForm[]> {
  const forms = new Map<string, ProbedForm>();
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

async function formOf(one: BackendCase): Promise<ProbedForm | undefined> {
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

/** The file of the library that holds them. */
export async function formsFile(): Promise<string> {
  const lines = (await nodeTestForms()).map(lineOf);
  return `/** Written by \`npm run kernels -- forms\`: forms of ONNX's node tests. See form-text.ts for the form of a line. */
export const standardForms = String.raw\`
${lines.join('\n')}
\`;
`;
}

/** A form as a line that the library reads. */
function lineOf({ opType, opset, name, inputs, outputs, attributes }: ProbedForm): string {
  const written: JsonForm = [
    opType,
    opset,
    name,
    inputs.map(operandJson),
    outputs.map((elem) => elem ?? null),
    Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, attributeJson(toAttribute(value))])),
  ];
  return JSON.stringify(written);
}

function operandJson(operand: Operand): JsonOperand {
  if (!operand) return null;
  return 'tensor' in operand ? tensorJson(operand.tensor) : [operand.elem, operand.shape ?? null];
}

const tensorJson = (tensor: Tensor): JsonTensor => [
  tensor.type,
  tensor.shape,
  [...numbersOf(tensor)].map(tensor.type === 'float32' ? single : numberJson),
];

const numberJson = (value: number): JsonNumber =>
  Number.isFinite(value) && !Object.is(value, -0) ? value : Object.is(value, -0) ? '-0' : String(value);

/** The shortest number of the same float32. */
function single(value: number): JsonNumber {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return numberJson(short);
  }
  return numberJson(value);
}

function attributeJson(attribute: Attribute): JsonAttribute {
  switch (attribute.type) {
    case 'int':
      return Number(attribute.value);
    case 'ints':
      return attribute.value.map(Number);
    case 'string':
      return textOf(attribute.value);
    case 'strings':
      return { strings: attribute.value.map(textOf) };
    case 'float':
      return { float: single(attribute.value) };
    case 'floats':
      return { floats: attribute.value.map(single) };
    case 'tensor':
      return { tensor: tensorJson(attribute.value) };
    default:
      throw new TypeError(`an attribute of a form: expected numbers, text or a tensor; found ${attribute.type}`);
  }
}
