/** A model of float16 and bfloat16 made one of float32: types, constants and attributes. Every number stays as it is. */
import { type Attribute, graphsOf } from '../attribute.js';
import type { Graph } from '../graph.js';
import type { Model } from '../model.js';
import type { Node } from '../node.js';
import { setTensor } from '../tensors/constants.js';
import { toFloat32Tensor } from '../tensors/float32-tensor.js';
import { type DataType, dataTypes, type Type } from '../types.js';
import type { Value } from '../value.js';

/** The floats of 16 bits. */
export type Narrow = 'float16' | 'bfloat16';

const narrowTypes: ReadonlySet<DataType> = new Set(['float16', 'bfloat16']);

export const isNarrow = (elem: DataType | undefined): elem is Narrow => elem === 'float16' || elem === 'bfloat16';

/** What a value holds where its numbers, or those of its elements, have 16 bits. */
export function narrowOf(type: Type | undefined): Narrow | undefined {
  if (type?.kind === 'tensor' || type?.kind === 'sparse') return isNarrow(type.elem) ? type.elem : undefined;
  return type?.kind === 'sequence' || type?.kind === 'optional' ? narrowOf(type.elem) : undefined;
}

/**
 * Makes float32 of every type that has 16 bits, in every scope. Returns what each value was: only an operator's own rounding
 * is lost, which the caller writes down. Casts to 16 bits stay, as they are this rounding: a Cast to float32 stands behind them.
 */
export function widenModel(model: Model): Map<Value, Narrow> {
  const were = new Map<Value, Narrow>();
  for (const graph of [...model.graphs()]) {
    for (const value of [...graph.values()]) {
      const was = narrowOf(value.type) ?? (isNarrow(value.elem) ? value.elem : undefined);
      if (!was) continue;
      were.set(value, was);
      if (!value.producer?.is('Cast')) widenValue(value);
    }
    for (const port of graph.outputPorts) if (narrowOf(port.type)) port.type = widenType(port.type, narrowTypes);
  }
  for (const graph of [...model.graphs()]) for (const node of [...graph.nodeSet]) widenNode(node, were);
  return were;
}

function widenValue(value: Value): void {
  const { tensor, defaultTensor, type } = value;
  if (tensor) setTensor(value, toFloat32Tensor(tensor));
  if (defaultTensor) value.defaultTensor = toFloat32Tensor(defaultTensor);
  value.type = widenType(type, narrowTypes);
}

/** The type with float32 in place of others, in elements of sequences and optionals too; itself where it has none. */
function widenType(type: Type | undefined, types: ReadonlySet<DataType>): Type | undefined {
  if (type?.kind === 'tensor' || type?.kind === 'sparse')
    return types.has(type.elem) ? { ...type, elem: 'float32' } : type;
  if (type?.kind !== 'sequence' && type?.kind !== 'optional') return type;
  const elem = widenType(type.elem, types);
  return elem === type.elem ? type : { ...type, elem };
}

function widenNode(node: Node, were: ReadonlyMap<Value, Narrow>): void {
  if (!node.is('Cast')) widenAttributes(node, narrowTypes);
  else if (node.outputs[0] && were.has(node.outputs[0])) widenBehind(node.outputs[0]);
}

/** Makes float32 of the types in a node's attributes, other than of what is in its bodies. */
export function widenAttributes(node: Node, types: ReadonlySet<DataType>): void {
  for (const [name, attribute] of node.attributes)
    if (graphsOf(attribute).length === 0) {
      const wide = widenAttribute(name, attribute, types);
      if (wide !== attribute) node.graph.setAttribute(node, name, wide);
    }
}

/** Attributes that name an element type. */
export const typeAttributes: ReadonlySet<string> = new Set([
  'dtype',
  'output_datatype',
  'output_dtype',
  'precision',
  'softmax_precision',
  'stash_type',
]);

function widenAttribute(name: string, attribute: Attribute, types: ReadonlySet<DataType>): Attribute {
  switch (attribute.type) {
    case 'int': {
      const isType = [...types].some((type) => attribute.value === BigInt(dataTypes[type].code));
      return isType && typeAttributes.has(name) ? { ...attribute, value: BigInt(dataTypes.float32.code) } : attribute;
    }
    case 'tensor':
    case 'sparse_tensor': {
      const { value } = attribute;
      return types.has(value.type) ? { ...attribute, value: toFloat32Tensor(value) } : attribute;
    }
    case 'type_proto': {
      const value = widenType(attribute.value, types);
      return value === attribute.value ? attribute : { ...attribute, value };
    }
    default:
      return attribute;
  }
}

/** The Cast to float32 behind a value of 16 bits; whoever reads the value reads it instead. */
export function widenBehind(value: Value): Value {
  const wide = castTo(value.graph, value, 'float32');
  for (const { node, index } of [...value.uses]) if (node !== wide.producer) node.graph.setInput(node, index, wide);
  return wide;
}

/** A Cast of a value. */
export function castTo(graph: Graph, value: Value, to: DataType): Value {
  const { output } = graph.add('Cast', [value], {
    attributes: { to: dataTypes[to].code },
    outputs: [value.name && `${value.name}_${to}`],
  });
  output.type = { kind: 'tensor', elem: to, shape: value.shape };
  return output;
}
