/** Whether two nodes, attributes or tensors say the same. */
import type { Attribute } from '../../ir/attribute.js';
import type { Node } from '../../ir/node.js';
import { isSameBytes, isSameTensor } from '../../ir/tensors/same-tensor.js';
import type { Tensor } from '../../ir/tensors/tensor.js';
import { equalTypes, typeText } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';

/** What two nodes say that cannot be one; undefined where they do the same to what they read. */
export function difference(a: Node, b: Node): string | undefined {
  const name = (node: Node) => (node.domain ? `${node.domain}.${node.opType}` : node.opType);
  if (a.opType !== b.opType || a.domain !== b.domain || a.overload !== b.overload)
    return `${name(a)} in one, ${name(b)} in the next`;
  if (a.bodies.length + b.bodies.length > 0) return `${name(a)} has a body`;
  if (a.attributes.size !== b.attributes.size) return `${name(a)} has other attributes in the next`;
  for (const [key, attribute] of a.attributes)
    if (!isSameAttribute(attribute, b.attributes.get(key))) return `${name(a)} has another ${key} in the next`;
  if (!isSamePattern(a.inputs, b.inputs)) return `${name(a)} has other inputs in the next`;
  if (!isSamePattern(a.outputs, b.outputs)) return `${name(a)} has other outputs in the next`;
  if (!a.outputs.every((value, index) => isSameType(value, b.outputs[index])))
    return `${name(a)} gives another type in the next`;
  return undefined;
}

function isSamePattern(x: readonly unknown[], y: readonly unknown[]): boolean {
  if (x.length !== y.length) return false;
  for (let i = 0; i < x.length; i++) if ((x[i] === undefined) !== (y[i] === undefined)) return false;
  return true;
}

/** Unknown dims are alike wherever they stand. */
export const isSameType = (a: Value | undefined, b: Value | undefined): boolean =>
  equalTypes(a?.type, b?.type) || typeText(a?.type) === typeText(b?.type);

function isSameAttribute(a: Attribute, b: Attribute | undefined): boolean {
  if (a === b) return true;
  if (!b || a.type !== b.type) return false;
  if (a.type === 'ref' || b.type === 'ref')
    return a.type === 'ref' && b.type === 'ref' && a.name === b.name && a.of === b.of;
  if (a.type === 'tensor' || a.type === 'sparse_tensor') return isSameTensor(a.value, b.value as Tensor);
  const [x, y] = [a.value, b.value] as unknown[];
  if (Array.isArray(x) && Array.isArray(y))
    return x.length === y.length && x.every((one, index) => isSameItem(one, y[index]));
  return isSameItem(x, y);
}

function isSameItem(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return isSameBytes(a, b);
  return Object.is(a, b);
}
