/** Operator schemas: what an operator takes and gives, by operator set. Facts of the ONNX standard and of onnxruntime. */

import type { AttributeType } from '../../ir/attribute.js';
import { maxOf } from '../../ir/collections/lists.js';
import { under } from '../../ir/collections/named.js';
import { runtimeOperators } from './schema-microsoft.js';
import { operators, typeSets } from './schema-table.js';

/** A formal input or output. */
export interface Formal {
  readonly name: string;
  /** A type variable, or a type: `int64`, `seq(float32)`. */
  readonly type: string;
  readonly isOptional: boolean;
  /** Stands for any number of actual ones; always the last. */
  readonly isVariadic: boolean;
  /** For a variadic one: each may be of another type. */
  readonly isHeterogeneous: boolean;
}

export interface AttributeSchema {
  readonly type: AttributeType;
  readonly isRequired: boolean;
  readonly default: number | string | readonly string[] | undefined;
}

export interface OperatorSchema {
  readonly opType: string;
  readonly domain: string;
  /** The operator set that brought this version. */
  readonly since: number;
  /** True where this version withdraws the operator; inputs and outputs are then those of the version before. */
  readonly isDeprecated: boolean;
  readonly inputs: readonly Formal[];
  readonly outputs: readonly Formal[];
  /** The types that each type variable may stand for; none: any tensor. */
  readonly typeConstraints: ReadonlyMap<string, readonly string[]>;
  readonly attributes: ReadonlyMap<string, AttributeSchema>;
}

/** Before it is asked for, a version is the line it stands in. */
interface Version {
  readonly since: number;
  readonly line: string;
  schema: OperatorSchema | undefined;
}

const prefixes: Readonly<Record<string, string>> = { '': '', 'ai.onnx.ml': 'ml.', 'com.microsoft': 'ms.' };

const attributeTypes: Readonly<Record<string, AttributeType>> = {
  f: 'float',
  i: 'int',
  s: 'string',
  t: 'tensor',
  g: 'graph',
  sp: 'sparse_tensor',
  tp: 'type_proto',
  fs: 'floats',
  is: 'ints',
  ss: 'strings',
  ts: 'tensors',
  gs: 'graphs',
};

let table: Map<string, Version[]> | undefined;
let sets: readonly (readonly string[])[] | undefined;

/** Versions of each operator, oldest first. */
function versions(): Map<string, Version[]> {
  if (table) return table;
  table = new Map();
  for (const line of `${operators}${runtimeOperators}`.split('\n')) {
    if (line === '') continue;
    const [name = '', since] = line.slice(0, line.indexOf('|')).split(' ');
    const key = name.replace('!', '');
    const list = table.get(key);
    const version: Version = { since: Number(since), line, schema: undefined };
    if (list) list.push(version);
    else table.set(key, [version]);
  }
  for (const list of table.values()) list.sort((a, b) => a.since - b.since);
  return table;
}

const list = (text: string): readonly string[] => (text === '' ? [] : text.split(';'));

function formal(text: string): Formal {
  const [name = '', type = ''] = text.split(' ');
  const flag = name.at(-1);
  return {
    name: name.replace(/[?*%]$/, ''),
    type,
    isOptional: flag === '?',
    isVariadic: flag === '*' || flag === '%',
    isHeterogeneous: flag === '%',
  };
}

function constraint(text: string): readonly [string, readonly string[]] {
  const [name = '', types = ''] = text.split(' ');
  sets ??= typeSets
    .trim()
    .split('\n')
    .map((line) => line.split(' '));
  return [name, /^\d+$/.test(types) ? (sets[Number(types)] ?? []) : types === 'any' ? [] : types.split(',')];
}

function attribute(text: string): readonly [string, AttributeSchema] {
  const [, name = '', kind = '', mark, fallback = ''] = text.match(/^(\S+) ([a-z]+)([!=]?)(.*)$/s) ?? [];
  const type = attributeTypes[kind] ?? 'int';
  const isRequired = mark === '!';
  if (mark !== '=') return [name, { type, isRequired, default: undefined }];
  if (type === 'int' || type === 'float') return [name, { type, isRequired, default: Number(fallback) }];
  if (type === 'string') return [name, { type, isRequired, default: fallback }];
  return [name, { type, isRequired, default: [...fallback.matchAll(/'([^']*)'/g)].map(([, item = '']) => item) }];
}

function parse({ line, since }: Version, opType: string, domain: string, before: Version | undefined): OperatorSchema {
  const [name = '', inputs = '', outputs = '', constraints = '', attributes = ''] = line.split('|');
  const isDeprecated = name.includes('!');
  if (isDeprecated && before) {
    before.schema ??= parse(before, opType, domain, undefined);
    return { ...before.schema, since, isDeprecated };
  }
  return {
    opType,
    domain,
    since,
    isDeprecated,
    inputs: list(inputs).map(formal),
    outputs: list(outputs).map(formal),
    typeConstraints: new Map(list(constraints).map(constraint)),
    attributes: new Map(list(attributes).map(attribute)),
  };
}

/** The schema of an operator in an operator set; undefined where the set has no such operator. Domain '' is ai.onnx. */
export function schemaOf(opType: string, domain: string, opset: number): OperatorSchema | undefined {
  const prefix = under(prefixes, domain);
  if (prefix === undefined) return undefined;
  const all = versions().get(prefix + opType);
  const at = all?.findLastIndex(({ since }) => since <= opset) ?? -1;
  const version = all?.[at];
  if (!version) return undefined;
  version.schema ??= parse(version, opType, domain, all[at - 1]);
  return version.schema;
}

/** The first operator set of a domain that has an op, where that is known. */
export function firstOpset(opType: string, domain: string): number | undefined {
  const prefix = under(prefixes, domain);
  return prefix === undefined ? undefined : versions().get(prefix + opType)?.[0]?.since;
}

const newest = new Map<string, number>();

/** The last operator set of a domain that brought something the table knows: later ones may take more types. 0 for a domain it does not have. */
export function newestOpset(domain: string): number {
  let last = newest.get(domain);
  if (last === undefined) {
    const prefix = under(prefixes, domain);
    const lists = [...versions()].filter(([name]) => name.slice(0, name.indexOf('.') + 1) === prefix);
    last = maxOf(
      lists.flatMap(([, all]) => all.map(({ since }) => since)),
      0,
    );
    newest.set(domain, last);
  }
  return last;
}
