/** A model as the text of a builder, to be pasted into a test. Large constants are random there: the seed is their size. */
import { type Attribute, textOf } from '../../../src/ir/attribute.js';
import { dimText } from '../../../src/ir/dims/dims.js';
import type { Graph } from '../../../src/ir/graph.js';
import type { Model } from '../../../src/ir/model.js';
import { bigintsOf, numbersOf } from '../../../src/ir/tensors/numbers.js';
import { elementCount, type Tensor } from '../../../src/ir/tensors/tensor.js';
import { isFloat, type Type } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';

const MOST = 64;
const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

export function builderText(model: Model): string {
  const names = new Map<Value, string>();
  const opsets = [...model.opsets].map(([domain, version]) => `${quoted(domain)}: ${version}`).join(', ');
  const functions = model.functions.map(
    ({ domain, name, graph, defaults }) =>
      `// function ${domain}.${name}, defaults ${[...defaults.keys()].join(', ') || 'none'}\n${body(graph, names, 'f', '  ')}`,
  );
  return [
    `buildModel({ ${opsets} }, (g) => {`,
    body(model.graph, names, 'g', '  '),
    `}, ${model.irVersion})`,
    ...functions,
  ].join('\n');
}

function body(graph: Graph, names: Map<Value, string>, g: string, indent: string): string {
  const lines: string[] = [];
  const nameOf = (value: Value | undefined): string => {
    if (!value) return 'undefined';
    let name = names.get(value);
    if (!name) {
      name = `${value.tensor ? 'c' : 'v'}${names.size}`;
      names.set(value, name);
    }
    return name;
  };
  for (const input of graph.inputs) {
    const given = `const ${nameOf(input)} = ${g}.input(${quoted(input.name)}${typeText(input.type)});`;
    lines.push(given);
    if (input.defaultTensor) lines.push(`${nameOf(input)}.defaultTensor = ${tensorText(input.defaultTensor)};`);
  }
  for (const value of graph.constants)
    if (value.tensor)
      lines.push(`const ${nameOf(value)} = ${g}.constant(${tensorText(value.tensor)}, ${quoted(value.name)});`);
  for (const node of graph.nodes()) {
    const attributes = [...node.attributes].map(([name, one]) => {
      if (one.type !== 'graph') return `${JSON.stringify(name)}: ${attributeText(one)}`;
      return `${name}: ${g}.body(${quoted(one.value.name)}, (b${indent.length}) => {\n${body(one.value, names, `b${indent.length}`, `${indent}  `)}\n${indent}})`;
    });
    const options = [
      ...(node.domain ? [`domain: ${quoted(node.domain)}`] : []),
      ...(node.name ? [`name: ${quoted(node.name)}`] : []),
      ...(node.outputs.length > 1
        ? [`outputs: [${node.outputs.map((value) => (value ? quoted(value.name) : 'undefined')).join(', ')}]`]
        : []),
    ];
    const inputs = node.inputs.map(nameOf).join(', ');
    const rest = options.length > 0 ? `, { ${options.join(', ')} }` : '';
    const [first] = node.outputs;
    const isOne = node.outputs.length === 1;
    const text = `${g}.${isOne ? 'op' : 'node'}(${quoted(node.opType)}, [${inputs}], { ${attributes.join(', ')} }${rest})`;
    lines.push(
      isOne
        ? `const ${nameOf(first)} = ${text};`
        : `const [${node.outputs.map((value) => (value ? nameOf(value) : '')).join(', ')}] = ${text}.outputs;`,
    );
  }
  graph.outputPorts.forEach(({ name, type }, i) => {
    lines.push(`${g}.output(${quoted(name)}, ${nameOf(graph.outputs[i])}${typeText(type)});`);
  });
  return lines.map((line) => indent + line).join('\n');
}

function typeText(type: Type | undefined): string {
  if (type?.kind !== 'tensor') return '';
  const dims = type.shape?.map((dim) => (typeof dim === 'number' ? String(dim) : quoted(dimText(dim))));
  return `, ${quoted(type.elem)}${dims ? `, [${dims.join(', ')}]` : ''}`;
}

function tensorText(tensor: Tensor): string {
  const shape = `[${tensor.shape.join(', ')}]`;
  if (tensor.strings) return `stringsTensor(${JSON.stringify(tensor.strings.map(textOf))}, ${shape})`;
  const count = elementCount(tensor.shape);
  if (count > MOST && isFloat(tensor.type)) return `randomWeights(${shape})`;
  const numbers = isFloat(tensor.type)
    ? [...numbersOf(tensor)].map((n) => (Object.is(n, -0) ? '-0' : String(n)))
    : bigintsOf(tensor).map(String);
  const isUniform = numbers.every((one) => one === numbers[0]);
  const list = count > 4 && isUniform ? `Array(${count}).fill(${numbers[0]})` : `[${numbers.join(', ')}]`;
  return `tensorOf(${quoted(tensor.type)}, ${list}, ${shape})`;
}

function attributeText(attribute: Attribute): string {
  switch (attribute.type) {
    case 'int':
      return String(attribute.value);
    case 'float':
      return `float(${attribute.value})`;
    case 'floats':
      return `floats([${attribute.value.join(', ')}])`;
    case 'ints':
      return `[${attribute.value.join(', ')}]`;
    case 'string':
      return quoted(textOf(attribute.value));
    case 'strings':
      return `[${attribute.value.map((one) => quoted(textOf(one))).join(', ')}]`;
    case 'tensor':
      return tensorText(attribute.value);
    case 'ref':
      return `{ type: 'ref', name: ${quoted(attribute.name)}, of: ${quoted(attribute.of)} }`;
    default:
      return `/* ${attribute.type} */`;
  }
}
