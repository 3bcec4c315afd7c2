/** Constants as passes see them: through the Casts and Identities that stand between a stored tensor and its user. */
import type { Attribute } from '../attribute.js';
import type { Graph } from '../graph.js';
import { dataTypes } from '../types.js';
import type { Value } from '../value.js';
import { castTensor, tensorOf } from './numbers.js';
import { memoryTensor, stringTensor, type Tensor } from './tensor.js';

/** The tensor a value always holds, where it is a constant or a cast of one; computed lazily, nothing is copied. */
export function constantTensor(value: Value | undefined): Tensor | undefined {
  return constantBelow(value, MOST_CASTS);
}

/** Of a longer chain of casts it is not said whether it is constant: a chain may be as long as the model. */
const MOST_CASTS = 64;

function constantBelow(value: Value | undefined, depth: number): Tensor | undefined {
  if (value?.tensor) return value.tensor;
  if (!value || depth === 0) return undefined;
  const node = value.producer;
  if (node?.is('Identity')) return constantBelow(node.inputs[0], depth - 1);
  if (node?.is('Cast')) {
    const source = constantBelow(node.inputs[0], depth - 1);
    const to = value.elem;
    if (
      !source ||
      !to ||
      to === 'undefined' ||
      dataTypes[source.type].kind !== 'float' ||
      dataTypes[to].kind !== 'float'
    )
      return undefined;
    if (dataTypes[source.type].bits < 16 || dataTypes[to].bits < 16) return undefined;
    return castTensor(source, to);
  }
  return undefined;
}

/** What a scope stores: its constants, and what its inputs hold, be it a default or (before IR version 4) a constant. */
export function* storedTensors(graph: Graph): Iterable<Tensor> {
  for (const { tensor } of graph.constants) if (tensor) yield tensor;
  for (const { tensor, defaultTensor } of graph.inputs) {
    const held = tensor ?? defaultTensor;
    if (held) yield held;
  }
}

/** The tensor that a Constant node with this attribute gives; undefined for an attribute that it cannot have. */
export function constantOfAttribute(attribute: Attribute): Tensor | undefined {
  switch (attribute.type) {
    case 'tensor':
    case 'sparse_tensor':
      return attribute.value;
    case 'float':
      return tensorOf('float32', attribute.value);
    case 'floats':
      return tensorOf('float32', attribute.value);
    case 'int':
      return int64Tensor([attribute.value], []);
    case 'ints':
      return int64Tensor(attribute.value, [attribute.value.length]);
    case 'string':
      return stringTensor([], [attribute.value]);
    case 'strings':
      return stringTensor([attribute.value.length], attribute.value);
    default:
      return undefined;
  }
}

const int64Tensor = (values: readonly bigint[], shape: readonly number[]): Tensor =>
  memoryTensor('int64', shape, new Uint8Array(BigInt64Array.from(values).buffer));

/** Gives a constant another tensor; how it stands in the file stays. */
export function setTensor(value: Value, tensor: Tensor): void {
  const { constantNode } = value;
  value.tensor = tensor;
  value.constantNode = constantNode;
}
