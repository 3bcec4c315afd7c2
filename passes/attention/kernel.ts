/**
 * Emits com.microsoft MultiHeadAttention for a site: query [B, S, N·D]; key and value both [B, T, N·D], or both
 * [B, N, T, D]; a bias [B|1, N|1, S, T]; output [B, S, N·Dv].
 *
 * The operands are taken from before the exporter's splits and transposes where views show that this is the same tensor.
 */

import type { Facts } from '../../src/infer/index.js';
import { float } from '../../src/ir/attribute.js';
import { type Dim, dimText, equalDims, multiplyDims } from '../../src/ir/dims.js';
import type { Graph } from '../../src/ir/graph.js';
import { tensorOf } from '../../src/ir/numbers.js';
import { type Shape, tensorType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { type Match, Miss } from '../../src/match/miss.js';
import { type Factor, isBase, type View, viewOf } from '../../src/match/view.js';
import { type AttentionSite, type BiasTerm, operandView } from './site.js';

const swapped = [0, 1, 3, 2];
const headsInner = [0, 2, 1, 3];

/** Values made for one graph that several sites share: biases brought to the kernel's form. */
export type SharedBiases = Map<string, Value>;

/** Replaces the site by one node, or says why the kernel cannot hold it. */
export function emitAttention(site: AttentionSite, facts: Facts, shared: SharedBiases): Match<Value> {
  const { graph } = site.context;
  const query = site.scores.inputs[0] as Value;
  const keyTransposed = site.scores.inputs[1] as Value;
  const value = site.context.inputs[1] as Value;
  const dims = biasMiss(site) ?? dimsOf(site);
  if (dims instanceof Miss) return dims;
  const { batch, heads, rows, valueSize, rank } = dims;
  const name = site.scores.name || site.softmax.name;
  const builder = new Builder(graph, name, rank);

  let { scale } = site;
  const q = mergedQuery(builder, query, facts);
  scale *= q.scale;
  const pair = mergedKeys(keyTransposed, value, facts) ?? separateKeys(builder, keyTransposed, value, facts);
  scale *= pair.scale;
  const operands = { query: q.value, key: { value: pair.key, rank: pair.rank } };
  const bias = biasOf(builder, site, dims, operands, shared);

  const output = builder.node('MultiHeadAttention', [q.value, pair.key, pair.value, undefined, undefined, bias], {
    num_heads: heads,
    scale: float(scale),
  });
  const elem = query.elem as 'float32';
  output.type = tensorType(elem, [batch, rows, multiplyDims(heads, valueSize)]);
  let merged = output;
  if (site.isGuarded) {
    const isMasked = builder.op('IsNaN', [output]);
    merged = builder.op('Where', [isMasked, graph.constant(tensorOf(elem, 0)), output]);
    merged.type = output.type;
  }
  connect(builder, site, merged, heads, facts);
  return merged;
}

interface Dims {
  readonly batch: Dim;
  readonly heads: number;
  readonly rows: Dim;
  readonly keys: Dim;
  readonly valueSize: Dim;
  readonly rank: 3 | 4;
}

/** The dims of a site; a Miss where the kernel's conditions are not shown to hold. */
function dimsOf(site: AttentionSite): Match<Dims> {
  const at = site.scores;
  const operands = [at.inputs[0], at.inputs[1], site.context.inputs[1], site.context.output];
  const shapes = operands.map((value) => value?.shape);
  const [q, k, v, o] = shapes as [Shape, Shape, Shape, Shape];
  if (shapes.some((shape) => shape === undefined)) return new Miss('the rank of an operand is not known', at, 5);
  const rank = q.length;
  if ((rank !== 3 && rank !== 4) || [k, v, o].some((shape) => shape.length !== rank))
    return new Miss(
      `operands of ranks ${shapes.map((shape) => shape?.length).join(', ')}: expected all 3 or all 4`,
      at,
      5,
    );
  const four = (shape: Shape): Shape => (rank === 4 ? shape : [shape[0] as Dim, 1, shape[1] as Dim, shape[2] as Dim]);
  const [query, key, value, output] = [q, k, v, o].map(four) as [Shape, Shape, Shape, Shape];
  const [batch, heads, rows] = query as [Dim, Dim, Dim];
  if (typeof heads !== 'number') return new Miss('the number of heads is not static', at, 5);
  for (const shape of [key, value, output]) {
    if (!equalDims(shape[1] as Dim, heads))
      return new Miss('query, key and value have different numbers of heads', at, 5);
    if (!equalDims(shape[0] as Dim, batch))
      return new Miss('the batch of query, key and value is not shown to be the same', at, 5);
  }
  return { batch, heads, rows, keys: key[3] as Dim, valueSize: value[3] as Dim, rank };
}

/** Adds nodes named after the site. */
class Builder {
  constructor(
    readonly graph: Graph,
    readonly name: string,
    readonly rank: 3 | 4,
  ) {}
  op(opType: string, inputs: readonly (Value | undefined)[], attributes = {}): Value {
    return this.graph.add(opType, inputs, { attributes, name: this.#label(opType), outputs: [this.#label(opType)] })
      .output;
  }
  node(opType: string, inputs: readonly (Value | undefined)[], attributes = {}): Value {
    const label = this.#label('Attention');
    return this.graph.add(opType, inputs, {
      domain: 'com.microsoft',
      attributes,
      name: label,
      outputs: [`${label}_output`],
    }).output;
  }
  ints(...values: number[]): Value {
    return this.graph.constant(tensorOf('int64', values), this.#label('shape'));
  }
  #label(suffix: string): string {
    return this.name ? `${this.name.replace(/\/[^/]*$/, '')}/${suffix}` : suffix;
  }
}

/** The tensor [B, rows, N·D] that a view [B, N, rows, D] was split from, if it stands so in the graph. */
function mergedBase(view: View | undefined): Value | undefined {
  if (view?.axes.length !== 4) return undefined;
  const [batch, heads, rows, columns] = view.axes as readonly (readonly Factor[])[] as [
    Factor[],
    Factor[],
    Factor[],
    Factor[],
  ];
  return isBase(view, [batch, rows, [...heads, ...columns]]) ? view.base : undefined;
}

interface Operand {
  readonly value: Value;
  /** Factor that stood in the chain and is not in `value`. */
  readonly scale: number;
}

function mergedQuery(builder: Builder, query: Value, facts: Facts): Operand {
  const view = operandView(query, facts);
  const base = mergedBase(view);
  if (view && base) return { value: base, scale: view.scale };
  if (builder.rank === 3) return { value: query, scale: 1 };
  const transposed = builder.op('Transpose', [query], { perm: headsInner });
  return { value: builder.op('Reshape', [transposed, builder.ints(0, 0, -1)]), scale: 1 };
}

/** What the kernel reads: the length of the query is its axis 1, that of the key its last but one. */
interface Operands {
  readonly query: Value;
  readonly key: { readonly value: Value; readonly rank: 3 | 4 };
}

interface KeyValue {
  readonly rank: 3 | 4;
  readonly key: Value;
  readonly value: Value;
  readonly scale: number;
}

/** Key and value as [B, T, N·D], where both stand so in the graph. A factor of the value keeps it from it. */
function mergedKeys(keyTransposed: Value, value: Value, facts: Facts): KeyValue | undefined {
  const view = operandView(keyTransposed, facts);
  const keyBase = view && mergedBase({ ...view, axes: swapped.map((axis) => view.axes[axis] as Factor[]) });
  const valueView = operandView(value, facts);
  const valueBase = valueView?.scale === 1 ? mergedBase(valueView) : undefined;
  return view && keyBase && valueBase && { rank: 3, key: keyBase, value: valueBase, scale: view.scale };
}

/** Key and value as [B, N, T, D]. */
function separateKeys(builder: Builder, keyTransposed: Value, value: Value, facts: Facts): KeyValue {
  const heads = (operand: Value): Value =>
    builder.rank === 4 ? operand : builder.op('Unsqueeze', [operand, builder.ints(1)]);
  const view = viewOf(keyTransposed, facts);
  const perm = builder.rank === 4 ? swapped : [0, 2, 1];
  if (
    view &&
    isBase(
      view,
      perm.map((axis) => view.axes[axis] as Factor[]),
    )
  )
    return { rank: 4, key: heads(view.base), value: heads(value), scale: view.scale };
  const key = builder.op('Transpose', [keyTransposed], { perm });
  return { rank: 4, key: heads(key), value: heads(value), scale: 1 };
}

const biasOfTerm = (term: BiasTerm): Value => (term.kind === 'bias' ? term.value : term.condition);

/** Why the kernel could not take the biases; they may broadcast to the scores, but not beyond them. */
function biasMiss(site: AttentionSite): Miss | undefined {
  if (site.biases.length === 0) return undefined;
  const rank = site.scores.output.shape?.length ?? 0;
  for (const term of site.biases) {
    const found = biasOfTerm(term).shape?.length;
    if (found === undefined) return new Miss('the rank of the bias is not known', site.softmax, 6);
    if (found > rank) return new Miss(`a bias of rank ${found} on scores of rank ${rank}`, site.softmax, 6);
  }
  const scores = site.scores.output.shape;
  const result = site.softmax.output.shape;
  if (scores && result && scores.every((dim, i) => equalDims(dim, result[i] as Dim))) return undefined;
  return new Miss('the bias is not shown to be no larger than the scores', site.softmax, 6);
}

/** The sum of the bias terms as [B|1, N|1, S, T]; undefined for none. */
function biasOf(
  builder: Builder,
  site: AttentionSite,
  dims: Dims,
  operands: Operands,
  shared: SharedBiases,
): Value | undefined {
  const values = site.biases.map((term) =>
    kernelForm(builder, termValue(builder, term, site, shared), dims, operands, shared),
  );
  return values.reduce<Value | undefined>((sum, value) => (sum ? builder.op('Add', [sum, value]) : value), undefined);
}

function termValue(builder: Builder, term: BiasTerm, site: AttentionSite, shared: SharedBiases): Value {
  const { graph } = builder;
  const elem = site.scores.output.elem as 'float32';
  if (term.kind === 'bias') {
    if (term.factor === 1) return term.value;
    const scaled = builder.op('Mul', [term.value, graph.constant(tensorOf(elem, term.factor))]);
    scaled.type = term.value.type;
    return scaled;
  }
  return memo(shared, `mask ${term.condition.sequence} ${term.fill.sequence} ${term.keepsWhereTrue}`, () => {
    const zero = graph.constant(tensorOf(elem, 0));
    const { condition, fill, keepsWhereTrue } = term;
    const mask = builder.op('Where', keepsWhereTrue ? [condition, zero, fill] : [condition, fill, zero]);
    mask.type = tensorType(elem, condition.shape);
    return mask;
  });
}

/** A bias with four axes, its last two as long as the scores': the kernel broadcasts batch and heads only. */
function kernelForm(builder: Builder, bias: Value, dims: Dims, operands: Operands, shared: SharedBiases): Value {
  const rank = bias.shape?.length ?? 0;
  // Leading axes; where the scores have no axis of heads, a bias as long as they needs one inside.
  const axes = builder.rank === 3 && rank === 3 ? [1] : [...Array(4 - rank).keys()];
  const four =
    axes.length === 0 ? bias : memo(shared, `axes ${bias.sequence} ${axes}`, () => unsqueeze(builder, bias, axes));
  const rows = bias.shape?.at(-2);
  const keys = bias.shape?.at(-1);
  if (rows !== undefined && keys !== undefined && equalDims(rows, dims.rows) && equalDims(keys, dims.keys)) return four;
  const key = `expand ${four.sequence} ${dimText(dims.rows)} ${dimText(dims.keys)}`;
  return memo(shared, key, () => builder.op('Expand', [four, scoresShape(builder, operands, dims)]));
}

function unsqueeze(builder: Builder, value: Value, axes: readonly number[]): Value {
  if ((builder.graph.opsets.get('') ?? 13) < 13) return builder.op('Unsqueeze', [value], { axes: [...axes] });
  return builder.op('Unsqueeze', [value, builder.ints(...axes)]);
}

/** [1, 1, S, T] as a value, read off the kernel's own operands so that nothing else is kept alive. */
function scoresShape(builder: Builder, { query, key }: Operands, { rows, keys }: Dims): Value {
  if (typeof rows === 'number' && typeof keys === 'number') return builder.ints(1, 1, rows, keys);
  const sizeOf = (operand: Value, dim: Dim, axis: number): Value => {
    if (typeof dim === 'number') return builder.ints(dim);
    return builder.op('Gather', [builder.op('Shape', [operand]), builder.ints(axis)]);
  };
  const t = sizeOf(key.value, keys, key.rank - 2);
  return builder.op('Concat', [builder.ints(1, 1), sizeOf(query, rows, 1), t], { axis: 0 });
}

function memo(shared: SharedBiases, key: string, make: () => Value): Value {
  const value = shared.get(key) ?? make();
  shared.set(key, value);
  return value;
}

/** Everyone who read the context reads the kernel's output: as it is where they merged the heads, else split again. */
function connect(builder: Builder, site: AttentionSite, merged: Value, heads: number, facts: Facts): void {
  const { graph } = builder;
  const context = site.context.output;
  if (builder.rank === 3) {
    graph.replaceUses(context, merged);
    return;
  }
  for (const value of viewsOf(context)) {
    const view = viewOf(value, facts);
    if (view?.base !== context || view.scale !== 1 || view.axes.length !== 3) continue;
    const [batch, head, rows, columns] = view.baseAxes as [Factor[], Factor[], Factor[], Factor[]];
    if (isBase({ ...view, baseAxes: view.axes }, [batch, rows, [...head, ...columns]]))
      graph.replaceUses(value, merged);
  }
  if (context.uses.size === 0) return;
  const split = builder.op('Reshape', [merged, builder.ints(0, 0, heads, -1)]);
  graph.replaceUses(context, builder.op('Transpose', [split], { perm: headsInner }));
}

/** The values that are reached from one through a few view ops. */
function viewsOf(value: Value, depth = 3): Value[] {
  if (depth === 0) return [];
  return value.users.flatMap((node) => {
    const isView =
      node.domain === '' &&
      /^(Transpose|Reshape|Identity|Squeeze|Unsqueeze)$/.test(node.opType) &&
      node.inputs[0] === value;
    return isView ? [node.output, ...viewsOf(node.output, depth - 1)] : [];
  });
}
