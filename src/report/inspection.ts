/** What a model is made of: for `inspect`, as JSON and on a terminal. */
import type { Dim } from '../ir/dims.js';
import type { Graph } from '../ir/graph.js';
import type { Model } from '../ir/model.js';
import { bigintsOf, numbersOf } from '../ir/numbers.js';
import { numberedText } from '../ir/symbols.js';
import { elementCount, type Tensor } from '../ir/tensor.js';
import { isFloat, isInteger, type Type, typeText } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { type ModelSummary, summarize } from '../run/summary.js';
import { bytesText, type Paint, paint, table } from './style.js';

export interface PortInfo {
  readonly name: string;
  readonly type: string;
}

/** One value of one scope. */
export interface ValueInfo {
  /** `` for the main graph; a function, or the node and attribute that hold a body. */
  readonly scope: string;
  readonly name: string;
  readonly kind: 'input' | 'constant' | 'node';
  /** The op that computes it. */
  readonly op?: string;
  /** Element type of a tensor; null where unknown. */
  readonly elem: string | null;
  /** Dims as text, symbols and expressions included; null where the rank is unknown. */
  readonly dims: readonly string[] | null;
  readonly type: string;
  /** What it always holds, or the symbols it holds, where known and short. */
  readonly contents?: readonly string[];
}

export interface Inspection extends ModelSummary {
  readonly irVersion: number;
  readonly producer: string;
  readonly name: string;
  readonly inputs: readonly PortInfo[];
  readonly outputs: readonly PortInfo[];
  readonly functionNames: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly values: readonly ValueInfo[];
}

/** Constants of more elements are not listed number by number. */
const LONG = 64;

/** `contents` gives what inference knows of small integer values. The model's types must have been inferred. */
export function inspectModel(model: Model, contents: (value: Value) => readonly Dim[] | undefined): Inspection {
  const { graph } = model;
  const dimText = numberedText();
  return {
    ...summarize(model),
    irVersion: model.irVersion,
    producer: [model.producerName, model.producerVersion].filter(Boolean).join(' '),
    name: graph.name,
    inputs: graph.inputs.map(({ name, type }) => ({ name, type: typeText(type, dimText) })),
    outputs: graph.outputPorts.map(({ name, type }, i) => ({
      name,
      type: typeText(graph.outputs[i]?.type ?? type, dimText),
    })),
    functionNames: model.functions.map(({ domain, name }) => `${domain}.${name}`),
    metadata: Object.fromEntries(model.metadata.map(({ key, value }) => [key, value])),
    values: [...model.graphs()].flatMap((scope) =>
      [...scope.values()].map((value) => valueInfo(value, scopeText(scope), contents(value), dimText)),
    ),
  };
}

function scopeText(graph: Graph): string {
  const { owner, model } = graph;
  if (!owner) {
    const called = model.functions.find((one) => one.graph === graph);
    return called ? `${called.domain}.${called.name}` : '';
  }
  const [attribute = ''] = [...owner.attributes].find(
    ([, { type, value }]: [string, { type: string; value?: unknown }]) =>
      (type === 'graph' && value === graph) || (type === 'graphs' && (value as Graph[]).includes(graph)),
  ) ?? [''];
  return `${scopeText(owner.graph)}${owner.label}.${attribute}/`;
}

function valueInfo(
  value: Value,
  scope: string,
  contents: readonly Dim[] | undefined,
  dimText: (dim: Dim) => string,
): ValueInfo {
  const { name, type, producer, tensor } = value;
  const held = contents?.map(dimText) ?? (tensor && constantText(tensor));
  return {
    scope,
    name,
    kind: producer ? 'node' : tensor ? 'constant' : 'input',
    ...(producer && { op: producer.domain ? `${producer.domain}.${producer.opType}` : producer.opType }),
    elem: elemOf(type),
    dims: value.shape?.map(dimText) ?? null,
    type: typeText(type, dimText),
    ...(held && { contents: held }),
  };
}

const elemOf = (type: Type | undefined): string | null =>
  type?.kind === 'tensor' || type?.kind === 'sparse' ? type.elem : null;

/** The elements of a short constant. */
function constantText(tensor: Tensor): string[] | undefined {
  if (elementCount(tensor.shape) > LONG) return undefined;
  if (tensor.strings) return tensor.strings.map((bytes) => new TextDecoder().decode(bytes));
  if (isInteger(tensor.type) || tensor.type === 'bool') return bigintsOf(tensor).map(String);
  return isFloat(tensor.type) ? [...numbersOf(tensor)].map((n) => floatText(n, tensor.type)) : undefined;
}

/** The shortest text of about as many digits as the type holds. */
const floatText = (n: number, type: string): string =>
  type === 'float64' ? String(n) : String(Number(n.toPrecision(8)));

/** The summary for people; with `values`, every value of every scope below it. */
export function inspectionText(inspection: Inspection, options: { isColoured: boolean; values: boolean }): string {
  const p = paint(options.isColoured);
  const { irVersion, opsets, producer, nodes, ops, bytes, bytesByType, functionNames } = inspection;
  const opsetText = Object.entries(opsets).map(([domain, version]) => `${domain} ${version}`);
  const section = (title: string, lines: readonly string[]) =>
    lines.length ? ['', p.bold(title), ...lines.map((line) => `  ${line}`)] : [];
  const ports = (list: readonly PortInfo[]) => table(list.map(({ name, type }) => [p.name(name), type]));
  const lines = [
    [`IR ${irVersion}`, opsetText.join(', '), producer && `by ${producer}`].filter(Boolean).join(p.dim(' · ')),
    ...section('inputs', ports(inspection.inputs)),
    ...section('outputs', ports(inspection.outputs)),
    ...section(`nodes ${nodes}`, columns(ops, String)),
    ...section(`weights ${bytesText(bytes)}`, columns(bytesByType, bytesText)),
    ...section('functions', functionNames),
  ];
  if (options.values) lines.push(...valueLines(inspection.values, p));
  return `${lines.join('\n')}\n`;
}

/** Counts in three columns, read downwards. */
function columns(counts: Readonly<Record<string, number>>, text: (n: number) => string): string[] {
  const cells = Object.entries(counts).map(([name, n]) => [text(n), name]);
  const height = Math.max(Math.ceil(cells.length / 3), Math.min(cells.length, 4));
  const rows = Array.from({ length: height }, (_, i) =>
    cells.filter((_, at) => at % height === i).flatMap(([n = '', name = '']) => [n, name]),
  );
  return table(rows, '> > > ');
}

/** The first few, numbers in four digits. */
function contentsText(contents: readonly string[]): string {
  const short = contents
    .slice(0, 8)
    .map((text) => (/^-?\d+\.\d+/.test(text) ? String(Number(Number(text).toPrecision(4))) : text));
  return `= ${short.join(' ')}${contents.length > 8 ? ' …' : ''}`;
}

function valueLines(values: readonly ValueInfo[], p: Paint): string[] {
  const scopes = [...new Set(values.map(({ scope }) => scope))];
  return scopes.flatMap((scope) => [
    '',
    p.bold(scope ? `values of ${scope}` : 'values'),
    ...table(
      values
        .filter((value) => value.scope === scope)
        .map(({ name, kind, op, type, contents }) => [
          `  ${p.name(name)}`,
          p.dim(op ?? kind),
          type,
          contents ? p.dim(contentsText(contents)) : '',
        ]),
    ),
  ]);
}
