/** Biases and masks of an attention site as the one bias that the kernel takes. */
import { broadcastDims, type Dim, dimText, equalDims } from '../../src/ir/dims.js';
import { tensorOf } from '../../src/ir/numbers.js';
import { type DataType, type Shape, tensorType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { Miss } from '../../src/match/miss.js';
import type { Builder } from './builder.js';
import type { Dims } from './dims.js';
import type { Operands } from './operands.js';
import type { AttentionSite, BiasTerm } from './site.js';

/** Values made for one graph that several sites share: biases brought to the kernel's form. */
export type SharedBiases = Map<string, Value>;

const biasOfTerm = (term: BiasTerm): Value => (term.kind === 'bias' ? term.value : term.condition);

/** Why the kernel could not take the biases; they may broadcast to the scores, but not beyond them. */
export function biasMiss(site: AttentionSite): Miss | undefined {
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

/** The bias terms as one [B|1, N|1, S, T], applied in their order; undefined for none. */
export function biasOf(
  builder: Builder,
  site: AttentionSite,
  dims: Dims,
  operands: Operands,
  shared: SharedBiases,
): Value | undefined {
  const { elem } = site.scores.output;
  if (site.biases.length === 0 || elem === undefined) return undefined;
  const key = site.biases.map(termKey).join(' ');
  const bias = memo(shared, `${elem} ${key}`, () =>
    site.biases.reduce<Value | undefined>((sum, term) => applied(builder, sum, term, elem), undefined),
  );
  return bias && kernelForm(builder, bias, dims, operands, shared);
}

const termKey = (term: BiasTerm): string =>
  term.kind === 'bias'
    ? `+${term.value.sequence}*${term.factor}`
    : `?${term.condition.sequence} ${term.fill} ${term.keepsWhereTrue}`;

/** A bias adds to what is there; a mask overwrites it, so that two lowest numbers do not add to an infinity. */
function applied(builder: Builder, sum: Value | undefined, term: BiasTerm, elem: DataType): Value {
  const { graph } = builder;
  if (term.kind === 'mask') {
    const fill = graph.constant(tensorOf(elem, term.fill));
    const kept = sum ?? graph.constant(tensorOf(elem, 0));
    const mask = builder.op('Where', [term.condition, ...(term.keepsWhereTrue ? [kept, fill] : [fill, kept])]);
    mask.type = tensorType(elem, broadcast(term.condition.shape, kept.shape));
    return mask;
  }
  let { value } = term;
  if (term.factor !== 1) {
    value = builder.op('Mul', [value, graph.constant(tensorOf(elem, term.factor))]);
    value.type = term.value.type;
  }
  if (!sum) return value;
  const total = builder.op('Add', [sum, value]);
  total.type = tensorType(elem, broadcast(sum.shape, value.shape));
  return total;
}

/** The shape that two broadcast to; they do, because the graph has broadcast both to the scores. */
function broadcast(a: Shape = [], b: Shape = []): Shape {
  const rank = Math.max(a.length, b.length);
  const [x, y] = [a, b].map((shape) => [...Array<Dim>(rank - shape.length).fill(1), ...shape]) as [Dim[], Dim[]];
  return x.map((dim, i) => broadcastDims(dim, y[i] as Dim) ?? dim);
}

/** A bias with four axes, its last two as long as the scores': the kernel broadcasts batch and heads only. */
function kernelForm(builder: Builder, bias: Value, dims: Dims, operands: Operands, shared: SharedBiases): Value {
  const rank = bias.shape?.length ?? 0;
  // Leading axes; where the scores have no axis of heads, a bias as long as they needs one inside.
  const axes = builder.rank === 3 && rank === 3 ? [1] : [...Array(4 - rank).keys()];
  const four =
    axes.length === 0 ? bias : memo(shared, `axes ${bias.sequence} ${axes}`, () => builder.unsqueeze(bias, axes));
  const rows = bias.shape?.at(-2);
  const keys = bias.shape?.at(-1);
  if (rows !== undefined && keys !== undefined && equalDims(rows, dims.rows) && equalDims(keys, dims.keys)) return four;
  const key = `expand ${four.sequence} ${dimText(dims.rows)} ${dimText(dims.keys)}`;
  return memo(shared, key, () => builder.op('Expand', [four, scoresShape(builder, operands, dims)]));
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

function memo<T extends Value | undefined>(shared: SharedBiases, key: string, make: () => T): Value | T {
  const value = shared.get(key) ?? make();
  if (value) shared.set(key, value);
  return value;
}
