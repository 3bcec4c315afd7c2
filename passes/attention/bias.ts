/** Biases and masks of an attention site as the one bias that the kernel takes. */
import { type Dim, dimText, equalDims } from '../../src/ir/dims.js';
import { tensorOf } from '../../src/ir/numbers.js';
import { tensorType } from '../../src/ir/types.js';
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

/** The sum of the bias terms as [B|1, N|1, S, T]; undefined for none. */
export function biasOf(
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

function memo(shared: SharedBiases, key: string, make: () => Value): Value {
  const value = shared.get(key) ?? make();
  shared.set(key, value);
  return value;
}
