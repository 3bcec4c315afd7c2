/** What a function is called with, as text: calls of one signature give the same but for the dims that nobody knows. */
import { type Attribute, attributeText } from '../ir/attribute.js';
import { type Dim, dimText, type SymbolName, Unknown } from '../ir/dims/dims.js';
import { substitute } from '../ir/dims/substitute.js';
import { symbolsOf } from '../ir/dims/symbols.js';
import { type Type, typeText } from '../ir/types.js';
import type { Contents, KnownValue } from '../ops/call.js';
import type { Unknowns } from './unknowns.js';

const numbers = new WeakMap<object, number>();
let count = 0;
/** The number of an object that is told from others by being itself. */
function numberOf(object: object): number {
  const number = numbers.get(object) ?? ++count;
  numbers.set(object, number);
  return number;
}

function textOf(attribute: Attribute): string {
  const value = 'value' in attribute ? attribute.value : undefined;
  return attributeText(attribute) ?? `${attribute.type} ${typeof value === 'object' ? numberOf(value) : ''}`;
}

const knownText = ({ type, contents }: KnownValue): string =>
  `${typeText(type, dimText)}=${contents?.map((one) => (one === undefined ? '' : dimText(one))) ?? ''}`;

export const signatureOf = (inputs: readonly KnownValue[], attributes: ReadonlyMap<string, Attribute>): string =>
  JSON.stringify([inputs.map(knownText), [...attributes].map(([name, one]) => [name, textOf(one)])]);

/** What one call gave, said of another: unknown dims that the function brings are the other call's own. */
export function sameAgain(
  given: readonly KnownValue[],
  inputs: readonly KnownValue[],
  own: Unknowns,
): readonly KnownValue[] {
  const outer = new Set(inputs.flatMap(dimsIn).flatMap(symbolsOf));
  const names = new Map<SymbolName, Dim>();
  for (const name of given.flatMap(dimsIn).flatMap(symbolsOf))
    if (name instanceof Unknown && !outer.has(name)) names.set(name, own.like(name));
  if (names.size === 0) return given;
  const renamed = (dim: Dim): Dim => substitute(dim, names);
  return given.map(({ type, contents }) => ({
    type: renamedType(type, renamed),
    contents: contents?.map((one) => (one === undefined ? one : renamed(one))),
  }));
}

function dimsIn({
  type,
  contents,
}: {
  readonly type: Type | undefined;
  readonly contents?: Contents | undefined;
}): Dim[] {
  const held = contents?.filter((one) => one !== undefined) ?? [];
  if (!type || type.kind === 'opaque') return held;
  if (type.kind === 'tensor' || type.kind === 'sparse') return [...held, ...(type.shape ?? [])];
  return dimsIn({ type: type.kind === 'map' ? type.value : type.elem });
}

function renamedType(type: Type | undefined, renamed: (dim: Dim) => Dim): Type | undefined {
  if (!type || type.kind === 'opaque') return type;
  if (type.kind === 'tensor' || type.kind === 'sparse') return { ...type, shape: type.shape?.map(renamed) };
  if (type.kind === 'map') return { ...type, value: renamedType(type.value, renamed) };
  return { ...type, elem: renamedType(type.elem, renamed) };
}
