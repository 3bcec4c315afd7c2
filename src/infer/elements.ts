/** Element types by schema: an output's type variable stands for what the inputs of that variable are. */

import { type DataType, dataTypes, type Type, tensorType } from '../ir/types.js';
import { type Formal, newestOpset, type OperatorSchema } from '../onnx/schemas/schema.js';
import type { Call } from '../ops/call.js';

/** Where an output's type comes from: a type, or the inputs at these places (a last variadic one from there on). */
type TypeSource = Type | { readonly from: readonly number[]; readonly onwards: number | undefined } | undefined;

const sources = new WeakMap<OperatorSchema, readonly TypeSource[]>();

/** The type that a schema's text stands for: `int64`, `seq(map(string,float32))`. Dims are not part of it. */
function parseType(text: string): Type | undefined {
  if (Object.hasOwn(dataTypes, text)) return tensorType(text as DataType);
  const [, kind, inner = ''] = text.match(/^(\w+)\((.*)\)$/) ?? [];
  if (kind === 'seq') return { kind: 'sequence', elem: parseType(inner) };
  if (kind === 'optional') return { kind: 'optional', elem: parseType(inner) };
  if (kind === 'sparse_tensor') return { kind: 'sparse', elem: inner as DataType, shape: undefined };
  const [key = '', value = ''] = inner.split(/,(.*)/s);
  return kind === 'map' ? { kind: 'map', key: key as DataType, value: parseType(value) } : undefined;
}

function sourceOf(schema: OperatorSchema, { type }: Formal): TypeSource {
  const allowed = schema.typeConstraints.get(type);
  if (!allowed) return parseType(type);
  const from: number[] = [];
  let onwards: number | undefined;
  schema.inputs.forEach((input, index) => {
    if (input.type !== type || input.isHeterogeneous) return;
    if (input.isVariadic) onwards = index;
    else from.push(index);
  });
  if (from.length > 0 || onwards !== undefined) return { from, onwards };
  return allowed.length === 1 ? parseType(allowed[0] as string) : undefined;
}

/** What the schema says of one output of a call; a tensor without its shape. */
export function typeBySchema(schema: OperatorSchema | undefined, call: Call, output: number): Type | undefined {
  if (!schema) return undefined;
  let list = sources.get(schema);
  if (!list) {
    list = schema.outputs.map((formal) => sourceOf(schema, formal));
    sources.set(schema, list);
  }
  const last = schema.outputs.at(-1);
  const source =
    output < list.length ? list[output] : last?.isVariadic && !last.isHeterogeneous ? list.at(-1) : undefined;
  if (!source || 'kind' in source) return source;
  for (const index of source.from) {
    const type = call.type(index);
    if (type) return withoutShape(type);
  }
  if (source.onwards === undefined) return undefined;
  for (let index = source.onwards; index < call.inputCount; index++) {
    const type = call.type(index);
    if (type) return withoutShape(type);
  }
  return undefined;
}

/**
 * What the schema expects of the inputs' element types where they are otherwise: inputs of one type variable have one type, and
 * it is one that the schema names. Of onnxruntime's own operators, and of operator sets later than the table, only the former counts: they may take more.
 */
export function elementsAgainst(schema: OperatorSchema, call: Call): string | undefined {
  const isStandard = schema.domain !== 'com.microsoft' && call.opset <= newestOpset(schema.domain);
  const bound = new Map<string, DataType>();
  for (let index = 0; index < call.inputCount; index++) {
    const formal = schema.inputs[index] ?? schema.inputs.at(-1);
    const elem = call.elem(index);
    if (!formal || elem === undefined || elem === 'undefined') continue;
    if (index >= schema.inputs.length && !formal.isVariadic) break;
    const constraint = schema.typeConstraints.get(formal.type);
    const allowed = constraint ?? [formal.type];
    if (isStandard && allowed.length > 0 && !allowed.includes(elem)) return `${formal.name} of ${listOf(allowed)}`;
    if (!constraint || formal.isHeterogeneous) continue;
    const before = bound.get(formal.type);
    if (before !== undefined && before !== elem) return 'one element type';
    bound.set(formal.type, elem);
  }
  return undefined;
}

const listOf = (types: readonly string[]): string =>
  types.length > 1 ? `${types.slice(0, -1).join(', ')} or ${types.at(-1)}` : `${types[0]}`;

export function withoutShape(type: Type): Type {
  if (type.kind === 'tensor') return type.shape ? tensorType(type.elem) : type;
  return type.kind === 'sequence' || type.kind === 'optional' ? withoutInner(type) : type;
}

/** Elements of a sequence may have dims of their own. */
const withoutInner = (type: Extract<Type, { kind: 'sequence' | 'optional' }>): Type => ({
  kind: type.kind,
  elem: type.elem && withoutShape(type.elem),
});
