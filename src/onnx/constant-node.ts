/** Constant nodes: their one attribute is a tensor, so the reader makes constants of them and the writer nodes again. */

import type { Attribute, AttributeType } from '../ir/attribute.js';
import { under } from '../ir/collections/named.js';
import { constantOfAttribute } from '../ir/tensors/constants.js';
import { bigintsOf, numbersOf } from '../ir/tensors/numbers.js';
import type { Tensor } from '../ir/tensors/tensor.js';
import { ModelError } from '../ir/text/errors.js';
import type { ConstantNode } from '../ir/value.js';
import { readAttribute, typeOf } from './proto/attribute-proto.js';
import { leftover, type NodeMessage } from './proto/messages.js';
import type { TensorSources } from './proto/tensor-proto.js';

/** The attributes that a Constant node's numbers may stand in. */
const constantForms: Readonly<Record<string, AttributeType>> = {
  value: 'tensor',
  sparse_value: 'sparse_tensor',
  value_float: 'float',
  value_floats: 'floats',
  value_int: 'int',
  value_ints: 'ints',
  value_string: 'string',
  value_strings: 'strings',
};

/** What a Constant node said besides its value; `attribute` holds as long as its constant has this tensor. */
export interface CarriedConstant {
  readonly node?: Partial<NodeMessage>;
  readonly attribute?: Attribute;
  readonly tensor?: Tensor;
}

/** How messages call a node, as `Node.label` does. */
export function labelOf({ opType, name, output }: NodeMessage): string {
  const label = name || output?.find((value) => value);
  return [opType || 'node', ...(label ? [`"${label}"`] : [])].join(' ');
}

/** The tensor of a Constant node, and what else its message says; undefined for other nodes and for references to an attribute. */
export function constantOf(
  message: NodeMessage,
  sources: TensorSources,
): { tensor: Tensor; node: ConstantNode } | undefined {
  if (message.opType !== 'Constant' || (message.domain && message.domain !== 'ai.onnx')) return undefined;
  const [attribute, more] = message.attribute ?? [];
  const place = labelOf(message);
  if (!attribute) throw new ModelError(place, 'an attribute with its value', 'none');
  if (more || attribute.refAttrName || message.input?.length || message.output?.length !== 1) return undefined;
  if (typeOf(attribute) !== under(constantForms, attribute.name ?? '')) return undefined;
  const noBody = (): never => {
    throw new ModelError(place, 'a tensor', 'a graph');
  };
  const read = readAttribute(attribute, sources, noBody, place);
  const tensor = constantOfAttribute(read);
  if (!tensor) return undefined;
  const node = leftover(message, ['input', 'output', 'name', 'opType', 'attribute', 'docString']);
  const said = read.carried || read.docString !== undefined ? { attribute: read, tensor } : undefined;
  const carried: CarriedConstant | undefined = node || said ? { node, ...said } : undefined;
  return {
    tensor,
    node: { name: message.name ?? '', docString: message.docString ?? '', attribute: attribute.name ?? '', carried },
  };
}

/** The attribute of the Constant node that a constant was read from. */
export function constantAttribute(constant: ConstantNode, tensor: Tensor): Attribute {
  const { attribute: read, tensor: before } = (constant.carried ?? {}) as CarriedConstant;
  if (read && before === tensor) return read;
  const first = <T>(list: ArrayLike<T>): T => list[0] as T;
  switch (constant.attribute) {
    case 'sparse_value':
      return { type: 'sparse_tensor', value: tensor };
    case 'value_float':
      return { type: 'float', value: first(numbersOf(tensor)) };
    case 'value_floats':
      return { type: 'floats', value: [...numbersOf(tensor)] };
    case 'value_int':
      return { type: 'int', value: first(bigintsOf(tensor)) };
    case 'value_ints':
      return { type: 'ints', value: bigintsOf(tensor) };
    case 'value_string':
      return { type: 'string', value: textBytes(tensor) };
    case 'value_strings':
      return { type: 'strings', value: tensor.strings ?? [] };
    default:
      return { type: 'tensor', value: tensor };
  }
}

const textBytes = (tensor: Tensor): Uint8Array => tensor.strings?.[0] ?? new Uint8Array(0);
