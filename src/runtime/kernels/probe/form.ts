/** Describes the calls of operators that are probed: operands, attributes and operator set, as a model of one node. */
import type { AttributeLike } from '../../../ir/attribute.js';
import { buildModel, type GraphBuilder } from '../../../ir/build.js';
import { castTensor, numbersOf, tensorOf } from '../../../ir/tensors/numbers.js';
import type { Tensor } from '../../../ir/tensors/tensor.js';
import { type DataType, dataTypes, isFloat, type Type } from '../../../ir/types.js';
import type { Value } from '../../../ir/value.js';
import { writeModel } from '../../../onnx/write.js';

/** An input of the node; undefined where it is left out. */
export type Operand =
  | { readonly elem: DataType; readonly shape: readonly number[] | undefined }
  | { readonly tensor: Tensor }
  | undefined;

/** One call in one element type; `retyped` gives it in others. */
export interface ProbedForm {
  readonly opType: string;
  readonly domain: string;
  /** The operator set of ai.onnx. */
  readonly opset: number;
  readonly name: string;
  readonly inputs: readonly Operand[];
  readonly outputs: readonly (DataType | undefined)[];
  readonly attributes: Readonly<Record<string, AttributeLike>>;
  /** The operator that makes a tensor of the first output, where that is none. */
  readonly read?: string;
}

/** The name of the probed node in the runtime's log. */
export const PROBE = 'PROBE';

/** False for types that the runtime does not take at the ports of a model. */
const isPort = (elem: DataType): boolean => elem !== 'bfloat16' && !/^float[468]|int[24]$/.test(elem);

/** Writes the form as a model. Operands of types that no port has pass through a Cast. */
export const modelOf = (form: ProbedForm): Promise<Uint8Array> =>
  writeModel(
    buildModel(
      { '': form.opset, 'com.microsoft': 1, 'ai.onnx.ml': 3 },
      (g) => {
        const inputs = form.inputs.map((operand, index) => operand && operandValue(g, operand, `x${index}`));
        const { opType, domain, attributes } = form;
        const node = g.node(opType, inputs, attributes, {
          domain,
          name: PROBE,
          outputs: form.outputs.map((elem, i) => elem && `y${i}`),
        });
        if (form.read) {
          g.output('y0', g.op(form.read, [node.output]), 'int64');
          return;
        }
        for (const [index, elem] of form.outputs.entries()) {
          const value = node.outputs[index];
          if (!elem || !value) continue;
          const isShown = isPort(elem);
          const shown = isShown ? value : g.op('Cast', [value], { to: dataTypes.float32.code });
          g.output(`y${index}`, shown, isShown ? elem : 'float32');
        }
      },
      10,
    ),
  );

function operandValue(g: GraphBuilder, operand: NonNullable<Operand>, name: string): Value {
  if ('tensor' in operand) return g.constant(operand.tensor, name);
  const { elem, shape } = operand;
  return isPort(elem) ? g.input(name, elem, shape) : g.cast(g.input(name, 'float32', shape), elem);
}

/** Gives the form in another type: operands of type `from` become `to` where `admits` says, by the formal's place, that they may. */
export function retyped(
  form: ProbedForm,
  from: DataType,
  to: DataType,
  admits: (side: 'inputs' | 'outputs', index: number) => boolean,
): ProbedForm {
  if (from === to) return form;
  const castOf = (tensor: Tensor): Tensor => {
    if (tensor.type !== from) return tensor;
    return isFloat(to) ? castTensor(tensor, to) : tensorOf(to, numbersOf(tensor).map(Math.round), tensor.shape);
  };
  return {
    ...form,
    inputs: form.inputs.map((operand, index) => {
      if (!operand || !admits('inputs', index)) return operand;
      if ('tensor' in operand) return { tensor: castOf(operand.tensor) };
      return operand.elem === from ? { ...operand, elem: to } : operand;
    }),
    outputs: form.outputs.map((elem, index) => (elem === from && admits('outputs', index) ? to : elem)),
    attributes: Object.fromEntries(
      Object.entries(form.attributes).map(([name, value]) => [name, retypedAttribute(name, value, from, to, castOf)]),
    ),
  };
}

function retypedAttribute(
  name: string,
  value: AttributeLike,
  from: DataType,
  to: DataType,
  castOf: (tensor: Tensor) => Tensor,
): AttributeLike {
  if (typeof value !== 'object' || !('type' in value)) return value;
  if (value.type === 'tensor' && 'value' in value) return { type: 'tensor', value: castOf(value.value as Tensor) };
  const isType = name === 'dtype' || name === 'output_datatype';
  if (isType && value.type === 'int' && Number(value.value) === dataTypes[from].code)
    return { type: 'int', value: BigInt(dataTypes[to].code) };
  return value;
}

/** The element type of a tensor's type; undefined for others. */
export const elemOf = (type: Type | undefined): DataType | undefined =>
  type?.kind === 'tensor' ? type.elem : undefined;
