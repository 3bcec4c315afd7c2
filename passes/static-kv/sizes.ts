/**
 * Integers that tell how long the cache is, before and after it has a fixed length. As a size, past + new is the length of the buffers and past
 * the rest of it; as a number that is added to others, past is the position.
 */

import { type Dim, equalDims, type SymbolName } from '../../src/ir/dims/dims.js';
import { substitute } from '../../src/ir/dims/substitute.js';
import { nameOf, symbolsOf } from '../../src/ir/dims/symbols.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import type { Value } from '../../src/ir/value.js';
import type { GrowingCaches } from './caches.js';
import { sizes, usesOf } from './strides.js';
import type { StaticCache } from './write.js';

/** One place that reads such integers. */
interface Reader {
  readonly node: Node;
  readonly index: number;
  readonly value: Value;
  /** What each element becomes, by the length of the buffers; undefined for one that stays. */
  readonly elements: readonly (((length: number) => Term) | undefined)[];
  readonly isSize: boolean;
}

interface Refusal {
  readonly reason: string;
  readonly at: Node;
}

export interface SizesBefore {
  readonly readers: readonly Reader[];
  readonly refusal: Refusal | undefined;
}

/** Ops that compute with such integers, or look up by them. */
const computing = new Set(
  'Add Sub Mul Less LessOrEqual Greater GreaterOrEqual Equal Min Max Where Gather Range Slice Cast Unsqueeze Squeeze Identity Concat Reshape Expand Mod Div'.split(
    ' ',
  ),
);

/** Finds all readers while the cache still grows; `totals` are other names of past + new. */
export function sizesBefore(model: Model, found: GrowingCaches): SizesBefore {
  const { past, total, typed } = found;
  const growing = (value: Value | undefined): readonly Dim[] | undefined => {
    const held = value && !value.tensor ? typed.contents(value) : undefined;
    return held?.some((dim) => symbolsOf(dim).includes(past)) ? held : undefined;
  };
  const isFixed = (value: Value | undefined): boolean =>
    value?.tensor !== undefined || (value && typed.contents(value))?.every((dim) => typeof dim === 'number') === true;
  const grows = (value: Value | undefined): boolean =>
    typed.shape(value)?.some((dim) => symbolsOf(dim).includes(past)) === true;
  const readers: Reader[] = [];
  let refused: Refusal | undefined;
  for (const graph of model.graphs())
    for (const node of [...graph.nodes(), graph.end]) {
      // What only computes sizes is read where its result is.
      if (node.is('Shape') || (!node.isEnd && node.outputs.every((value) => value && typed.contents(value)))) continue;
      node.inputs.forEach((value, index) => {
        const before = growing(value);
        if (!value || !before) return;
        const isEnd = (node.is('Range') && !isFixed(node.inputs[0])) || (node.is('Slice') && !isFixed(node.inputs[1]));
        const isShape = sizes[node.opType] === index && node.domain === '' && !isEnd;
        // Rows of a flat mask lie past + new numbers apart.
        const isTotal = !isShape && !isEnd && before.every((dim) => equalDims(dim, total));
        const { isSize: isStride, isNumber } = isTotal ? usesOf(node, index, grows) : { isSize: false, isNumber: true };
        if (isStride && isNumber)
          refused ??= { reason: 'it reads the length of the cache for a size and for a number at once', at: node };
        if (!isShape && (node.isEnd || node.domain !== '' || !computing.has(node.opType)))
          refused ??= { reason: 'it reads the length of the cache in a way that is not known', at: node };
        const isSize = isShape || isStride;
        const elements = before.map((dim) => (symbolsOf(dim).includes(past) ? termOf(dim, isSize, found) : undefined));
        if (before.some((dim, i) => symbolsOf(dim).includes(past) && !elements[i]))
          refused ??= { reason: 'it reads a number that is no sum with the length of the cache', at: node };
        readers.push({ node, index, value, elements, isSize });
      });
    }
  return { readers, refusal: refused };
}

/** number + steps·new + places·position, which takes the place of one element; undefined for an element that stays. */
interface Term {
  readonly number: number;
  readonly steps: number;
  readonly places: number;
}

const nothing: Term = { number: 0, steps: 0, places: 0 };

/** What an element becomes; undefined where it is no such sum. */
function termOf(dim: Dim, isSize: boolean, { past, added }: GrowingCaches): ((length: number) => Term) | undefined {
  const at = (held: number, fresh: number): Dim => {
    const name = nameOf(added);
    return substitute(
      dim,
      new Map<SymbolName, Dim>([[past, held], ...(name === undefined ? [] : [[name, fresh] as const])]),
    );
  };
  const [zero, held, fresh] = [at(0, 0), at(1, 0), at(0, 1)];
  if (typeof zero !== 'number' || typeof held !== 'number' || typeof fresh !== 'number') return undefined;
  const [places, steps] = [held - zero, fresh - zero];
  if (at(5, 7) !== zero + 5 * places + 7 * steps) return undefined;
  if (!isSize) return () => ({ number: zero, steps, places });
  // As a size, the past is what the new tokens leave of the buffers.
  if (typeof added === 'number') return (length) => ({ number: zero + places * (length - added), steps: 0, places: 0 });
  return (length) => ({ number: zero + places * length, steps: steps - places, places: 0 });
}

/** Puts the right number before every reader. */
export function repairSizes({ readers }: SizesBefore, cache: StaticCache): void {
  const made = new Map<string, Value>();
  for (const reader of readers) {
    const { node, index, value, isSize } = reader;
    // Nothing reads it any more.
    if (node.inputs[index] !== value) continue;
    const key = `${value.sequence} ${isSize}`;
    const right = made.get(key) ?? repaired(reader, cache);
    made.set(key, right);
    node.graph.setInput(node, index, right);
  }
}

function repaired({ value, elements }: Reader, cache: StaticCache): Value {
  const { g, length } = cache;
  const isList = value.shape?.length === 1;
  const shape = isList ? [elements.length] : [];
  const elem = value.elem ?? 'int64';
  const terms = elements.map((element) => element?.(length) ?? nothing);
  let sum = g.constant(
    elem,
    terms.map(({ number }) => number),
    shape,
  );
  for (const [factors, one] of [
    [terms.map(({ steps }) => steps), () => cache.added],
    [terms.map(({ places }) => places), () => cache.position],
  ] as const) {
    if (factors.every((factor) => factor === 0)) continue;
    const whole = g.cast(isList ? one() : g.squeeze(one(), [0]), elem);
    sum = g.op('Add', [sum, g.op('Mul', [whole, g.constant(elem, factors, shape)])]);
  }
  if (elements.every((element) => element !== undefined)) return sum;
  const isOther = g.constant(
    'bool',
    elements.map((element) => Number(element !== undefined)),
    shape,
  );
  return g.op('Where', [isOther, sum, value]);
}
