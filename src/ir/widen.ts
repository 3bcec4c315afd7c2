/** A model of float16 and bfloat16 made one of float32: types, constants and attributes. Every number stays as it is. */
import { type Attribute, graphsOf } from './attribute.js';
import { setTensor } from './constants.js';
import type { Graph } from './graph.js';
import type { Model } from './model.js';
import type { Node } from './node.js';
import { castTensor } from './numbers.js';
import { type DataType, dataTypes, type Type } from './types.js';
import type { Value } from './value.js';

/** The floats of 16 bits. */
export type Narrow = 'float16' | 'bfloat16';

export const isNarrow = (elem: DataType | undefined): elem is Narrow => elem === 'float16' || elem === 'bfloat16';

/** What a value holds where its numbers, or those of its elements, have 16 bits. */
export function narrowOf(type: Type | undefined): Narrow | undefined {
  if (type?.kind === 'tensor' || type?.kind === 'sparse') return isNarrow(type.elem) ? type.elem : undefined;
  return type?.kind === 'sequence' || type?.kind === 'optional' ? narrowOf(type.elem) : undefined;
}

export interface Widening {
  /** Types that become float32; default both. */
  readonly types?: readonly Narrow[];
  /** Makes float32 of a constant otherwise than by a tensor of twice the size; false where it does not. */
  readonly constant?: (value: Value) => boolean;
}

/**
 * Makes float32 of every type that has 16 bits, in every scope. Returns what each value was: only an operator's own rounding
 * is lost, which the caller writes down. Casts to 16 bits stay, as they are this rounding: a Cast to float32 stands behind them.
 */
export function widenModel(
  model: Model,
  { types = ['float16', 'bfloat16'], constant = () => false }: Widening = {},
): Map<Value, Narrow> {
  const were = new Map<Value, Narrow>();
  for (const graph of [...model.graphs()]) {
    for (const value of [...graph.values()]) {
      const was = narrowOf(value.type) ?? (isNarrow(value.elem) ? value.elem : undefined);
      if (!was || !types.includes(was)) continue;
      were.set(value, was);
      if (!value.producer?.is('Cast') && !(value.tensor && constant(value))) widenValue(value);
    }
    for (const port of graph.outputPorts)
      if (types.includes(narrowOf(port.type) as Narrow)) port.type = widenType(port.type);
  }
  for (const graph of [...model.graphs()]) for (const node of [...graph.nodes()]) widenNode(node, were, types);
  return were;
}

function widenValue(value: Value): void {
  const { tensor, defaultTensor, type } = value;
  if (tensor) setTensor(value, castTensor(tensor, 'float32'));
  if (defaultTensor) value.defaultTensor = castTensor(defaultTensor, 'float32');
  value.type = widenType(type);
}

function widenType(type: Type | undefined): Type | undefined {
  if (!type || !narrowOf(type)) return type;
  if (type.kind === 'tensor' || type.kind === 'sparse') return { ...type, elem: 'float32' };
  return type.kind === 'sequence' || type.kind === 'optional' ? { ...type, elem: widenType(type.elem) } : type;
}

function widenNode(node: Node, were: ReadonlyMap<Value, Narrow>, types: readonly Narrow[]): void {
  if (node.is('Cast')) {
    const value = node.outputs[0];
    if (value && were.has(value)) widenBehind(value);
    return;
  }
  for (const [name, attribute] of node.attributes)
    if (graphsOf(attribute).length === 0) {
      const wide = widenAttribute(name, attribute, types);
      if (wide !== attribute) node.graph.setAttribute(node, name, wide);
    }
}

/** Attributes that name an element type. */
const typeAttributes = new Set([
  'dtype',
  'output_datatype',
  'output_dtype',
  'precision',
  'softmax_precision',
  'stash_type',
]);

function widenAttribute(name: string, attribute: Attribute, types: readonly Narrow[]): Attribute {
  const isMeant = (type: DataType | undefined): boolean => isNarrow(type) && types.includes(type);
  switch (attribute.type) {
    case 'int': {
      const isType = types.some((type) => attribute.value === BigInt(dataTypes[type].code));
      return isType && typeAttributes.has(name) ? { ...attribute, value: BigInt(dataTypes.float32.code) } : attribute;
    }
    case 'tensor':
    case 'sparse_tensor': {
      const { value } = attribute;
      return isMeant(value.type) ? { ...attribute, value: castTensor(value, 'float32') } : attribute;
    }
    case 'type_proto':
      return isMeant(narrowOf(attribute.value)) ? { ...attribute, value: widenType(attribute.value) } : attribute;
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
