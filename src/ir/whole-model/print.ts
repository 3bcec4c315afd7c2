/** A model as text: one line a value, ONNX's own names, so that it reads, greps and diffs. */
import type { Attribute } from '../attribute.js';
import { textOf } from '../attribute.js';
import { numberedText } from '../dims/symbols.js';
import type { Graph } from '../graph.js';
import type { Model } from '../model.js';
import type { Node } from '../node.js';
import { instanceCount, uniformOf } from '../tensors/bank.js';
import { numbersOf } from '../tensors/numbers.js';
import { elementCount, type Tensor } from '../tensors/tensor.js';
import { visibleText } from '../text/shown-text.js';
import { type Type, typeText } from '../types.js';
import type { Value } from '../value.js';

/** Numbers of a constant up to this many are shown. */
const SHOWN = 8;

type ShowType = (type: Type | undefined) => string;

/** The whole model: opsets, the main graph, functions. */
export function printModel(model: Model): string {
  const opsets = [...model.opsets]
    .map(([domain, version]) => `${visibleText(domain) || 'ai.onnx'}:${version}`)
    .join(' ');
  const dimText = numberedText();
  const show: ShowType = (type) => visibleText(typeText(type, dimText));
  const main = printGraph(model.graph, show);
  const functions = model.functions.map(
    (fn) => `\nfunction ${visibleText(`${fn.domain}.${fn.name}`)}${printGraph(fn.graph, show)}`,
  );
  return [`ir ${model.irVersion}, opset ${opsets}`, `graph ${visibleText(model.graph.name)}${main}`, ...functions].join(
    '\n',
  );
}

/** One scope; labels that occur twice get a number. */
function printGraph(graph: Graph, show: ShowType, outer = new Map<Value, string>(), indent = ''): string {
  const names = new Map(outer);
  const taken = new Map<string, number>();
  const nameOf = (value: Value | undefined): string => {
    if (!value) return '_';
    let name = names.get(value);
    if (name === undefined) {
      const base = visibleText(value.name || 'v');
      const count = taken.get(base) ?? 0;
      taken.set(base, count + 1);
      name = `%${base}${count || !value.name ? `.${count}` : ''}`;
      names.set(value, name);
    }
    return name;
  };
  const inner = `${indent}  `;
  const inputs = graph.inputs.map((value) => `${nameOf(value)}: ${show(value.type)}`);
  const lines = [`(${inputs.join(', ')})`];
  for (const value of graph.constants) lines.push(`${inner}${nameOf(value)} = ${tensorText(value.tensor as Tensor)}`);
  const attributeText = (attribute: Attribute): string => {
    if (attribute.type === 'graph') return printGraph(attribute.value, show, names, inner);
    if (attribute.type === 'graphs')
      return `[${attribute.value.map((body) => printGraph(body, show, names, inner)).join(', ')}]`;
    return plainText(attribute, show);
  };
  for (const node of graph.nodes()) lines.push(`${inner}${nodeText(node, nameOf, attributeText, show)}`);
  const outputs = graph.outputPorts.map(({ name }, index) => `${visibleText(name)}: ${nameOf(graph.outputs[index])}`);
  lines.push(`${inner}=> ${outputs.join(', ')}`);
  return lines.join('\n');
}

function nodeText(
  node: Node,
  nameOf: (value: Value | undefined) => string,
  attributeText: (attribute: Attribute) => string,
  show: ShowType,
): string {
  const inputs = node.inputs.map(nameOf).join(', ');
  const attributes = [...node.attributes]
    .map(([name, attribute]) => `${visibleText(name)}=${attributeText(attribute)}`)
    .sort();
  const outputs = node.outputs
    .map((value) => (value?.type ? `${nameOf(value)}: ${show(value.type)}` : nameOf(value)))
    .join(', ');
  const op = visibleText(node.domain ? `${node.domain}.${node.opType}` : node.opType);
  return `${outputs} = ${op}(${inputs})${attributes.length ? ` {${attributes.join(', ')}}` : ''}`;
}

function plainText(attribute: Exclude<Attribute, { type: 'graph' | 'graphs' }>, show: ShowType): string {
  switch (attribute.type) {
    case 'ref':
      return `@${visibleText(attribute.name)}`;
    case 'string':
      return visibleText(JSON.stringify(textOf(attribute.value)));
    case 'strings':
      return visibleText(JSON.stringify(attribute.value.map(textOf)));
    case 'ints':
    case 'floats':
      return `[${attribute.value.join(', ')}]`;
    case 'tensor':
    case 'sparse_tensor':
      return tensorText(attribute.value);
    case 'tensors':
    case 'sparse_tensors':
      return `[${attribute.value.map(tensorText).join(', ')}]`;
    case 'type_proto':
      return show(attribute.value);
    case 'type_protos':
      return `[${attribute.value.map(show).join(', ')}]`;
    case 'float':
      return Number.isInteger(attribute.value) ? `${attribute.value}.0` : String(attribute.value);
    default:
      return String(attribute.value);
  }
}

/** Type, dims and, where they are few, the numbers: a large tensor is not read. */
function tensorText(tensor: Tensor): string {
  const type = `${tensor.type}[${tensor.shape.join(', ')}]`;
  if (elementCount(tensor.shape) > SHOWN) return type;
  if (!uniformOf(tensor)) return `${type} × ${instanceCount(tensor)}`;
  if (tensor.strings)
    return `${type} {${tensor.strings.map((bytes) => visibleText(JSON.stringify(textOf(bytes)))).join(', ')}}`;
  return `${type} {${[...numbersOf(tensor)].join(', ')}}`;
}
