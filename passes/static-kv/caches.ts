/** The caches of a decoder that grow: outputs that are an input with new tokens behind. */

import { inferTypes } from '../../src/infer/index.js';
import { fromStart } from '../../src/ir/dims/axes.js';
import { addDims, type Dim, dimText, equalDims, type SymbolName } from '../../src/ir/dims/dims.js';
import { nameOf } from '../../src/ir/dims/symbols.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { isFloat, type Shape } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { cloneModel } from '../../src/ir/whole-model/clone.js';
import type { PassContext } from '../../src/run/pass.js';

/** One cache: Concat(past, fresh) along `axis`. */
export interface GrowingCache {
  readonly concat: Node;
  readonly past: Value;
  readonly fresh: Value;
  readonly axis: number;
  readonly output: string;
}

export interface GrowingCaches {
  readonly caches: readonly GrowingCache[];
  /** The dim of the past, and that of the new tokens. */
  readonly past: SymbolName;
  /** The names that the file has for the dim of the past: all caches begin empty and grow alike, so they are one. */
  readonly names: ReadonlySet<SymbolName>;
  readonly added: Dim;
  /** The sum of both. */
  readonly total: Dim;
  /** What is known of the model as it was, all names of the sum in place. */
  readonly typed: KnownBefore;
}

/** What there is over all tokens of the cache. */
export interface OverTokens {
  /** Masks among the inputs, and the axis of each that counts tokens. */
  readonly masks: readonly { readonly input: Value; readonly axis: number }[];
  /** Nodes and their inputs that hold scores, or a mask of scores. */
  readonly scores: readonly { readonly node: Node; readonly index: number }[];
}

export interface KnownBefore {
  contents(value: Value): readonly Dim[] | undefined;
  shape(value: Value | undefined): Shape | undefined;
}

/** Facts of a copy: the model is not edited yet. */
function knownOf(model: Model, lengths: ReadonlyMap<SymbolName, Dim>): KnownBefore {
  const copies = new Map<Value, Value>();
  const facts = inferTypes(cloneModel(model, undefined, copies), { bindings: lengths });
  return {
    contents: (value) => facts.contents(copies.get(value) ?? value),
    shape: (value) => (value && copies.get(value))?.shape,
  };
}

/** Ops that keep a cache themselves, by their inputs for it. */
const fused: readonly (readonly [opType: string, domain: string, first: number])[] = [
  ['GroupQueryAttention', 'com.microsoft', 3],
  ['MultiHeadAttention', 'com.microsoft', 6],
  ['Attention', 'com.microsoft', 4],
  ['Attention', '', 4],
];

/** Undefined, with the reason told, where no cache grows or they do not grow alike. */
export function growingCaches(model: Model, context: PassContext): GrowingCaches | undefined {
  const { graph } = model;
  const caches = graph.outputPorts.flatMap(({ name }, index) => cacheOf(graph.outputs[index] as Value, name));
  const [first] = caches;
  if (!first) {
    for (const node of graph.nodeSet)
      if (fused.some(([opType, domain, at]) => node.is(opType, domain) && node.inputs[at]?.isInput))
        context.skip(`${node.opType} keeps the cache itself: put static-kv before the passes that fuse`, node);
    const branches = graph.outputs.find(({ producer }) => producer?.is('If'))?.producer;
    if (branches)
      context.skip(
        'it is a merged decoder, whose cache grows in a branch: run static-kv on the decoder with past, in a file of its own',
        branches,
      );
    else context.skip('no output is an input with new tokens behind it');
    return undefined;
  }
  const pastDim = first.past.shape?.[first.axis] as Dim;
  const past = nameOf(pastDim) as SymbolName;
  const added = first.fresh.shape?.[first.axis];
  const other = caches.find(({ fresh, axis }) => !added || !equalDims(fresh.shape?.[axis] as Dim, added));
  if (other || !added) {
    context.skip('caches grow by different numbers of tokens', (other ?? first).concat);
    return undefined;
  }
  const names = new Set(caches.map((one) => nameOf(one.past.shape?.[one.axis] as Dim) as SymbolName));
  const left = graph.inputs.find(
    (input) =>
      input.shape?.some((dim) => names.has(nameOf(dim) as SymbolName)) && !caches.some((one) => one.past === input),
  );
  if (left) {
    context.skip('an input grows with the cache, and is not given back with new tokens behind it', left);
    return undefined;
  }
  const grown = { caches, past, names, added, total: addDims(pastDim, added) };
  const lengths = [...names].map((name) => [name, pastDim] as const);
  return { ...grown, typed: knownOf(model, new Map([...lengths, ...totalsOf(model, grown)])) };
}

function cacheOf(value: Value, output: string): GrowingCache[] {
  const { producer: concat } = value;
  const [first, fresh] = concat?.inputs ?? [];
  const copies = first ? copiesOf(first) : [];
  const past = copies.at(-1);
  if (!concat?.is('Concat') || concat.inputs.length !== 2 || !past?.isInput || !fresh) return [];
  const axis = fromStart(concat.int('axis', 0), past.shape?.length ?? 0);
  const dim = past.shape?.[axis];
  const isOne = isFloat(past.elem) && dim !== undefined && nameOf(dim) !== undefined && past.graph === concat.graph;
  // A buffer that something else reads would be longer there.
  const isAlone = copies.every(({ users }) =>
    users.every((node) => node === concat || node.is('Shape') || isCopy(node)),
  );
  return isOne && isAlone ? [{ concat, past, fresh, axis, output }] : [];
}

/** An Identity, or what PyTorch exports for a cache of one piece. */
const isCopy = (node: Node): boolean => node.is('Identity') || (node.is('Concat') && node.inputs.length === 1);

/** A value, and those that it is a copy of, down to the first. */
function copiesOf(value: Value): Value[] {
  const copies = [value];
  for (let one: Value | undefined = value; one?.producer && isCopy(one.producer); ) {
    one = one.producer.inputs[0];
    if (one) copies.push(one);
  }
  return copies;
}

/** A mask over past and new tokens; that of an encoder is over what it encoded. */
const isMask = ({ name }: Value): boolean => /mask/i.test(name) && !/(^|[^a-z])enc/i.test(name);

/** The names that a file has for the sum of both: those of the outputs, and names that spell it. */
function totalsOf(
  model: Model,
  { caches, names, added, total }: Omit<GrowingCaches, 'typed'>,
): ReadonlyMap<SymbolName, Dim> {
  const totals = new Map<SymbolName, Dim>();
  const spelled = new Set(
    [...names].flatMap((past) => [' + ', '+'].map((plus) => `${String(past)}${plus}${dimText(added)}`)),
  );
  const namesIn = (input: Value): readonly (SymbolName | undefined)[] => (input.shape ?? []).map(nameOf);
  const own = new Set(model.graph.inputs.flatMap(namesIn));
  // A dim that masks alone have counts what they hide.
  const [masks, others] = [isMask, (input: Value) => !isMask(input)].map((isMeant) =>
    model.graph.inputs.filter(isMeant),
  );
  const elsewhere = new Set(others?.flatMap(namesIn));
  for (const name of masks?.flatMap((input) => namesIn(input).slice(1)) ?? [])
    if (name !== undefined && !elsewhere.has(name)) totals.set(name, total);
  for (const { output, axis } of caches) {
    const { type } = model.graph.outputPorts.find(({ name }) => name === output) ?? {};
    const dim = type?.kind === 'tensor' ? type.shape?.[axis] : undefined;
    const name = dim === undefined ? undefined : nameOf(dim);
    if (typeof name === 'string' && own.has(name) && !names.has(name)) totals.set(name, total);
  }
  for (const name of own)
    if (
      typeof name === 'string' &&
      !names.has(name) &&
      (spelled.has(name) || /^total(_sequence)?(_length)?$|^(past_)?total_seq/.test(name))
    )
      totals.set(name, total);
  return totals;
}
