/** Biases and masks of an attention site as the one bias that kernels take: [B|1, N|1, S, T]. */
import { broadcastDims, type Dim, dimText, equalDims } from '../../../src/ir/dims/dims.js';
import { type DataType, type Shape, tensorType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { type Match, Miss } from '../../../src/match/miss.js';
import type { Rewriter } from '../../../src/match/rewriter.js';
import { type Axes, type AxisFactor, leavesOf, sameAxes, sizeOf } from '../../../src/match/views/view.js';
import { DROWNING, type MaskTerm } from '../mask/term.js';
import type { AttentionSite } from '../read/site.js';
import { arrange, measure, measured } from './arrange.js';
import type { AttentionLayout } from './layout.js';

/** Values made for one graph that several sites share: biases brought to the kernel's form. */
export type SharedBiases = Map<string, Value>;

/** Operands of the kernel whose dims say how long a bias must be: the query's axis 1, the key's by its form. */
export interface Measures {
  readonly query: Value;
  readonly queryDims: readonly Dim[];
  readonly key: Value;
  readonly keyDims: readonly Dim[];
}

export type BiasPlan = (builder: Rewriter, measures: Measures, shared: SharedBiases) => Value;

/** The terms as one bias; undefined for none, a Miss where one of them does not fall on the kernel's axes. */
export function biasOf(site: AttentionSite, layout: AttentionLayout, elem: DataType): Match<BiasPlan> | undefined {
  const { terms } = site;
  const [first] = terms;
  if (!first) return undefined;
  const isOneForm = terms.every((term) => sameAxes(term.axes, first.axes));
  const changes: BiasChange[] = [];
  for (const term of isOneForm ? [] : terms) {
    const change = kernelAxes(term.value.shape ?? [], term, layout, site);
    if (change instanceof Miss) return change;
    changes.push(change);
  }
  const total = terms.map(({ value }) => value.shape ?? []).reduce(broadcast);
  const whole = isOneForm ? kernelAxes(total, first, layout, site) : undefined;
  if (whole instanceof Miss) return whole;
  return (builder, measures, shared) => {
    const key = `${elem} ${terms.map(termKey).join(' ')}`;
    const values = terms.map((term, i) => {
      const change = changes[i];
      return change
        ? memo(shared, `axes ${termKey(term)} ${change.key}`, () => change.apply(builder, term.value, measures))
        : term.value;
    });
    const sum = memo(shared, `${key} ${whole?.key ?? changes.map((change) => change.key)}`, () => {
      const all = terms.reduce<Value | undefined>(
        (sum, term, i) => applied(builder, sum, term, values[i] as Value, elem),
        undefined,
      ) as Value;
      return whole ? whole.apply(builder, all, measures) : all;
    });
    return expanded(builder, sum, layout, measures, shared);
  };
}

const termKey = (term: MaskTerm): string =>
  term.kind === 'bias'
    ? `+${term.value.sequence}*${term.factor}^${term.floor}`
    : `?${term.value.sequence} ${term.fill} ${term.keepsWhereTrue}^${term.floor}`;

/** Applies one more term to the sum, and raises the result to the term's floor. */
function applied(builder: Rewriter, sum: Value | undefined, term: MaskTerm, given: Value, elem: DataType): Value {
  const result = added(builder, sum, term, given, elem);
  if (term.floor === undefined) return result;
  const raised = builder.op('Max', [result, builder.constant(elem, term.floor)]);
  raised.type = result.type;
  return raised;
}

/** Adds a bias to the sum, or overwrites the sum with a mask: two lowest numbers would add to an infinity. */
function added(builder: Rewriter, sum: Value | undefined, term: MaskTerm, given: Value, elem: DataType): Value {
  if (term.kind === 'mask') {
    const fill = builder.constant(elem, Math.min(term.fill, DROWNING));
    const kept = sum ?? builder.constant(elem, 0);
    const mask = builder.op('Where', [
      builder.cast(given, 'bool'),
      ...(term.keepsWhereTrue ? [kept, fill] : [fill, kept]),
    ]);
    mask.type = tensorType(elem, broadcast(given.shape, kept.shape));
    return mask;
  }
  let value = given;
  const typed = (result: Value, shape = value.shape): Value => {
    result.type = tensorType(elem, shape);
    return result;
  };
  if (term.elem !== elem) value = typed(builder.cast(value, elem));
  if (term.factor !== 1) value = typed(builder.op('Mul', [value, builder.constant(elem, term.factor)]));
  return sum ? typed(builder.op('Add', [sum, value]), broadcast(sum.shape, value.shape)) : value;
}

/** The shape that two broadcast to; they do, because the graph has broadcast both to the scores. */
function broadcast(a: Shape = [], b: Shape = []): Shape {
  const rank = Math.max(a.length, b.length);
  const [x, y] = [a, b].map((shape) => [...Array<Dim>(rank - shape.length).fill(1), ...shape]) as [Dim[], Dim[]];
  return x.map((dim, i) => broadcastDims(dim, y[i] as Dim) ?? dim);
}

interface BiasChange {
  readonly key: string;
  apply(builder: Rewriter, value: Value, measures: Measures): Value;
}

/**
 * Four axes, each either the kernel's or of size 1, for a value of this shape that broadcasts to the axes of a term. A value
 * with a part of batch, heads, rows or keys is repeated for all of it.
 */
function kernelAxes(shape: Shape, term: MaskTerm, layout: AttentionLayout, site: AttentionSite): Match<BiasChange> {
  const groups = [layout.batch, layout.heads, layout.rows, layout.keys].map(leavesOf);
  const stage = term.axes.slice(term.axes.length - shape.length).map(leavesOf);
  const own = stage.map((factors, i) => (shape[i] === 1 ? [] : factors));
  const partial = groups.filter(
    (group) => group.some((one) => own.flat().includes(one)) && !group.every((one) => own.flat().includes(one)),
  );
  // The missing factors of a partial group may be on an axis that the value does not even have.
  const isPartial = (factors: readonly AxisFactor[]): boolean =>
    factors.some((one) => partial.some((group) => group.includes(one)));
  const all = term.axes.map(leavesOf);
  const added = all.slice(0, all.length - shape.length);
  const isWider = added.some(isPartial);
  const axes: Axes = [
    ...(isWider ? added.map((factors) => (isPartial(factors) ? factors : [])) : []),
    ...stage.map((factors, i) => (isPartial(factors) ? factors : (own[i] as AxisFactor[]))),
  ];
  const known = stage.every(
    (factors, i) =>
      shape[i] === 1 ||
      equalDims(shape[i] as Dim, sizeOf(factors)) ||
      groups.some((group) => group.length === factors.length && group.every((one, j) => one === factors[j])),
  );
  if (!known) return new Miss('the size of a bias is not known', term.at);
  const to = groups.map((group) => (group.some((one) => axes.flat().includes(one)) ? group : []));
  const change = arrange(axes, to);
  if (!change) return new Miss('the axes of a bias are not batch, heads, rows and keys', site.softmax);
  const spread = partial.length > 0 ? spreadOf(axes, isPartial, layout) : undefined;
  if (partial.length > 0 && !spread) return new Miss('the size of a bias is not known', term.at);
  const dims = to.map((group): Dim => {
    const at = stage.findIndex(
      (factors) => factors.length > 0 && group.length > 0 && factors.every((one, i) => one === group[i]),
    );
    return at >= 0 && stage[at]?.length === group.length && !partial.includes(group)
      ? (shape[at] as Dim)
      : sizeOf(group);
  });
  return {
    key: to.map((group) => group.length).join(),
    apply: (builder, value, measures) => {
      const result = change.apply(builder, spread ? spread(builder, value, measures) : value);
      if (result !== value && value.elem) result.type = tensorType(value.elem, dims);
      return result;
    },
  };
}

/** Repeats a value along the axes of a group that it has a part of; undefined where their sizes cannot be read off the operands. */
function spreadOf(
  axes: Axes,
  isPartial: (axis: readonly AxisFactor[]) => boolean,
  layout: AttentionLayout,
): BiasSpread | undefined {
  const sizes = axes.map((axis) => (isPartial(axis) ? sizeOf(axis) : 1));
  const queryDims = [sizeOf(layout.batch), sizeOf(layout.rows)];
  if (sizes.some((size) => typeof size !== 'number' && !measure(size, queryDims))) return undefined;
  return (builder, value, measures) => {
    const target = sizes.every((size) => typeof size === 'number')
      ? builder.ints(sizes as number[])
      : builder.op(
          'Concat',
          sizes.map((size) => sizeValue(builder, size, measures.query, measures.queryDims)),
          { axis: 0 },
        );
    return builder.op('Expand', [value, target]);
  };
}

/** A dim as a value of one element, read off an operand where it is no number. */
function sizeValue(builder: Rewriter, size: Dim, value: Value, dims: readonly Dim[]): Value {
  const at = typeof size === 'number' ? undefined : measure(size, dims);
  return at ? measured(builder, value, at) : builder.ints(size as number);
}

type BiasSpread = (builder: Rewriter, value: Value, measures: Measures) => Value;

/** The last two axes as long as the scores': kernels broadcast batch and heads only. */
function expanded(
  builder: Rewriter,
  bias: Value,
  { rows, keys }: AttentionLayout,
  measures: Measures,
  shared: SharedBiases,
): Value {
  const [s, t] = [sizeOf(rows), sizeOf(keys)];
  const isLong = [s, t].map((size, i) => {
    const has = bias.shape?.at(i - 2);
    return has !== undefined && equalDims(has, size);
  });
  if (!isLong.includes(false)) return bias;
  const key = `expand ${bias.sequence} ${dimText(s)} ${dimText(t)}`;
  return memo(shared, key, () => {
    // An axis that is long enough stays by a 1.
    const [wanted, length] = [s, t].map((size, i) => (isLong[i] ? 1 : size)) as [Dim, Dim];
    if (typeof wanted === 'number' && typeof length === 'number')
      return builder.op('Expand', [bias, builder.ints(1, 1, wanted, length)]);
    // The sizes are read off the bias itself if it has them: a size measured on the first layer's query exists in that
    // layer alone.
    const own = bias.shape ?? [];
    const sized = (size: Dim, of: Value, dims: readonly Dim[]): Value =>
      typeof size !== 'number' && measure(size, own)
        ? sizeValue(builder, size, bias, own)
        : sizeValue(builder, size, of, dims);
    const parts = [sized(wanted, measures.query, measures.queryDims), sized(length, measures.key, measures.keyDims)];
    return builder.op('Expand', [bias, builder.op('Concat', [builder.ints(1, 1), ...parts], { axis: 0 })]);
  });
}

/** A value that is made once for all sites of a graph. */
export function memo(shared: SharedBiases, key: string, make: () => Value): Value {
  const value = shared.get(key) ?? make();
  shared.set(key, value);
  return value;
}
