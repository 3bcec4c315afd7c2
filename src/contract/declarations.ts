/** A contract ⟶ TypeScript declarations that stand alone: the ports, and the outputs as `unflatten` gives them. */

import { rangeText } from '../ir/dims/range.js';
import { visibleText } from '../ir/text/shown-text.js';
import type { Contract } from './contract.js';
import type { ContractPort } from './port.js';
import { portsOf, type Structure, type Structures } from './structure.js';

/** The first line: what says that a file is ours to overwrite. */
export const DECLARATIONS_HEAD = '// Made by onnx-passes from the model of this name.';

/** What onnxruntime's JavaScript packages hold elements in. Without Float16Array, float16 is its bits. */
const arrays: Readonly<Record<string, string>> = {
  float32: 'Float32Array',
  float64: 'Float64Array',
  float16: 'Uint16Array | Float16ArrayLike',
  int8: 'Int8Array',
  int16: 'Int16Array',
  int32: 'Int32Array',
  int64: 'BigInt64Array',
  uint8: 'Uint8Array',
  uint16: 'Uint16Array',
  uint32: 'Uint32Array',
  uint64: 'BigUint64Array',
  bool: 'Uint8Array',
  string: 'readonly string[]',
};

const common = `/** A tensor. Dims: sizes, and the names of those that a run tells. */
export interface Tensor<Type extends string, Data, Dims extends readonly unknown[]> {
  readonly type: Type;
  readonly dims: readonly number[];
  readonly data: Data;
  /** For the type checker alone: no tensor has it. */
  readonly shape?: Dims;
}

/** The Float16Array of newer JavaScript. */
export interface Float16ArrayLike extends ArrayLike<number> {
  readonly BYTES_PER_ELEMENT: number;
}`;

/** The text of a \`.d.ts\` file. */
export function declarationsOf(contract: Contract): string {
  const { inputs, outputs, structure, pairs } = contract;
  const ports = new Map(outputs.map((port) => [port.name, port]));
  return [
    DECLARATIONS_HEAD,
    '',
    common,
    '',
    `/** What the model takes: \`session.run(feeds)\`.${dimsNote(contract)} */`,
    interfaceOf('Inputs', inputs),
    '',
    '/** What the model gives, a tensor a port. */',
    interfaceOf('Outputs', outputs),
    '',
    '/** The outputs as they were before: `unflatten<Structure>(results, contract)`. */',
    `export type Structure = {\n${members(structure.outputs, ports)}};`,
    '',
    '/** Outputs to be fed back, and the inputs that take them in the next run. */',
    `export type Pairs = {\n${pairs.map(({ output, input }) => `  readonly ${key(output)}: ${quoted(input)};\n`).join('')}};`,
    '',
  ].join('\n');
}

/** ` Sizes of dims: seq 1..512.`; empty where none has a range. */
const dimsNote = ({ dims = {} }: Contract): string => {
  const ranges = Object.entries(dims).map(([name, range]) => `${name} ${rangeText(range)}`);
  return ranges.length > 0 ? ` Sizes of dims: ${comment(ranges.join(', '))}.` : '';
};

/** What a reader would not see, or see in another order, stands as the escape that TypeScript has for it. */
const quoted = (text: string): string =>
  `'${visibleText(JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'"))}'`;
const key = (name: string): string =>
  /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(name) && visibleText(name) === name ? name : quoted(name);

const interfaceOf = (name: string, ports: readonly ContractPort[]): string =>
  `export type ${name} = {\n${ports.map(member).join('')}};`;

function member(port: ContractPort): string {
  const remarks = [
    `${port.type}${dimsText(port)}`,
    port.constant && 'the same in every run',
    port.same !== undefined && `the same value as ${port.same}`,
  ].filter(Boolean);
  return `  /** ${comment(remarks.join(': '))} */\n  readonly ${key(port.name)}${port.optional ? '?' : ''}: ${tensorText(port)};\n`;
}

const comment = (text: string): string => visibleText(text.replaceAll('*/', '*\\/').replaceAll(/\s+/g, ' '));

const dimsText = ({ dims }: ContractPort): string => (dims ? `[${dims.map((dim) => dim ?? '?').join(', ')}]` : '[…]');

const tensorText = ({ type, dims }: ContractPort): string => tensorOf(type, dims);

function tensorOf(type: string, dims: ContractPort['dims']): string {
  const list = dims
    ? `[${dims.map((dim) => (typeof dim === 'string' ? quoted(dim) : (dim ?? 'number'))).join(', ')}]`
    : 'number[]';
  return `Tensor<${quoted(type)}, ${arrays[type] ?? 'unknown'}, ${list}>`;
}

const members = (structures: Structures, ports: ReadonlyMap<string, ContractPort>): string =>
  Object.entries(structures)
    .map(([name, one]) => `${aboutPorts(one)}  readonly ${key(name)}: ${structureText(one, ports)};\n`)
    .join('');

const aboutPorts = (one: Structure): string =>
  one.kind === 'tensor' ? '' : `  /** Of ${comment(portsOf(one).join(', ') || 'no port')}. */\n`;

/** Widest text of what has parts; wider ones stand a part a line. */
const WIDTH = 100;

/** Parts between brackets: on one line where they fit, else indented below `indent`. */
function enclosed(brackets: '[]' | '{}', parts: readonly string[], indent: string): string {
  const [open, close] = brackets;
  const [end, space] = brackets === '[]' ? [',', ''] : [';', ' '];
  const line = `${open}${space}${parts.join(`${end} `)}${space}${close}`;
  if (line.length <= WIDTH) return line;
  return `${open}\n${parts.map((part) => `${indent}  ${part}${end}\n`).join('')}${indent}${close}`;
}

/** A declared size beyond this is no count of axes. */
const MOST_AXES = 64;

function structureText(one: Structure, ports: ReadonlyMap<string, ContractPort>, indent = '  '): string {
  const within = (inner: Structure) => structureText(inner, ports, `${indent}  `);
  const port = (name: string) => ports.get(name);
  switch (one.kind) {
    case 'tensor':
      return tensorOf(port(one.port)?.type ?? 'unknown', port(one.port)?.dims ?? null);
    case 'list':
      return `readonly ${enclosed('[]', one.items.map(within), indent)}`;
    case 'stack':
      return `readonly ${tensorOf(port(one.port)?.type ?? 'unknown', port(one.port)?.dims?.slice(1) ?? null)}[]`;
    case 'packed': {
      const rank = port(one.shapes)?.dims?.[1];
      const dims = typeof rank === 'number' && rank <= MOST_AXES ? new Array<null>(rank).fill(null) : null;
      return `readonly ${tensorOf(port(one.port)?.type ?? 'unknown', dims)}[]`;
    }
    case 'optional':
      return `${structureText(one.value, ports, indent)} | null`;
    case 'absent':
      return 'null';
    case 'maps':
      return `readonly Map<${one.keys === 'string' ? one.labels.map((label) => quoted(String(label))).join(' | ') : 'bigint'}, number>[]`;
    case 'dict': {
      const entries = Object.entries(one.entries);
      const parts = entries.map(([name, inner]) => `readonly ${key(name)}: ${within(inner)}`);
      return enclosed('{}', parts, indent);
    }
  }
}
