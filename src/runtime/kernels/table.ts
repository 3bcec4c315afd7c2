/**
 * The form of a kernel table: lines of an operator, `ms.` before names of com.microsoft, and after its name and the operator
 * set from which on the line holds the types that were tried: with a kernel (`f32`), without (`!bf16`), in some forms only (`~u8`). Types that do not stand there were not tried.
 * `Cast>float16` is a Cast to that type; the types of its line are those that it casts from.
 */
import type { DataType } from '../../ir/types.js';

/** yes: a kernel for every form that was tried; some: for a part of them; no: for none, so that the CPU runs the node, if it can. */
export type KernelState = 'yes' | 'some' | 'no';

const letters: readonly (readonly [DataType, string])[] = [
  ['float32', 'f32'],
  ['float16', 'f16'],
  ['bfloat16', 'bf16'],
  ['float64', 'f64'],
  ['int64', 'i64'],
  ['int32', 'i32'],
  ['int16', 'i16'],
  ['int8', 'i8'],
  ['uint64', 'u64'],
  ['uint32', 'u32'],
  ['uint16', 'u16'],
  ['uint8', 'u8'],
  ['bool', 'bool'],
  ['string', 'str'],
];
/** The types that are tried. */
export const kernelTypes: readonly DataType[] = letters.map(([type]) => type);
const typeOf = new Map(letters.map(([type, short]) => [short, type]));
const marks: Readonly<Record<KernelState, string>> = { yes: '', no: '!', some: '~' };
const stateOf: Readonly<Record<string, KernelState>> = { '!': 'no', '~': 'some' };

/** The lines of one operator, the oldest operator set first. */
type Lines = { readonly since: number; readonly types: ReadonlyMap<DataType, KernelState> }[];

/** The lines of each operator. */
export type KernelTable = ReadonlyMap<string, Lines>;

function parse(text: string): KernelTable {
  const table = new Map<string, Lines>();
  for (const line of text.trim().split('\n')) {
    const [name = '', since = '1', ...words] = line.split(' ');
    if (!/^(ms\.)?\w+(>\w+)?$/.test(name) || !/^\d+$/.test(since))
      throw new TypeError(
        `kernel table: expected an operator (ms. before those of com.microsoft) and a version; found "${line}"`,
      );
    const types = new Map<DataType, KernelState>();
    for (const word of words) {
      const state = stateOf[word[0] as string] ?? 'yes';
      const type = typeOf.get(state === 'yes' ? word : word.slice(1));
      if (!type)
        throw new TypeError(
          `kernel table: expected one of ${[...typeOf.keys()].join(', ')}; found "${word}" in "${line}"`,
        );
      types.set(type, state);
    }
    const lines = table.get(name) ?? [];
    table.set(name, lines);
    lines.push({ since: Number(since), types });
  }
  return table;
}

function print(found: ReadonlyMap<string, ReadonlyMap<DataType, ReadonlySet<string>>>): string {
  const lines = [...found].map(([version, types]) => {
    const words = letters.flatMap(([type, short]) => {
      const seen = types.get(type);
      if (!seen) return [];
      return [`${marks[stateFrom(seen)]}${short}`];
    });
    return [version, ...words].join(' ');
  });
  const key = (line: string): readonly [string, number] => {
    const [name = '', since = '1'] = line.split(' ');
    return [name, Number(since)];
  };
  lines.sort((a, b) => {
    const [[nameA, sinceA], [nameB, sinceB]] = [key(a), key(b)];
    return nameA === nameB ? sinceA - sinceB : nameA < nameB ? -1 : 1;
  });
  // A line is valid from its operator set on, until the next line.
  const isNews = (line: string, index: number): boolean => {
    const [before = '', now = ''] = [lines[index - 1] ?? '', line];
    return key(before)[0] !== key(now)[0] || wordsOf(before) !== wordsOf(now);
  };
  return lines.filter(isNews).join('\n');
}

/** The state that verdicts on several forms add up to. */
const stateFrom = (seen: ReadonlySet<string>): KernelState => (seen.size > 1 ? 'some' : seen.has('yes') ? 'yes' : 'no');

const wordsOf = (line: string): string => line.split(' ').slice(2).join(' ');

export const kernelTable = { parse, print, stateOf: stateFrom };
