/**
 * Decides if the mask of a site is causal: no key after its query has a weight. It reads the structure of the mask's
 * computation.
 */

import type { Facts } from '../../../src/infer/index.js';
import { append } from '../../../src/ir/collections/lists.js';
import { type Dim, dimText } from '../../../src/ir/dims/dims.js';
import type { Node } from '../../../src/ir/node.js';
import { isFloat } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { type Match, Miss } from '../../../src/match/miss.js';
import { type AxisFactor, sameFactors } from '../../../src/match/views/view.js';
import { exactly, joined, type Maybe, maximum, product, sum } from '../../../src/ops/interval.js';
import { ElementReader } from './elements.js';
import type { Band, Elements, Position } from './place.js';
import { MASKED, type MaskTerm, WEAK } from './term.js';

/** The effects of a causal mask besides hiding later keys. */
export interface Causality {
  /** Every key up to the query is seen as it is: no bias is left. */
  readonly isPure: boolean;
  /**
   * A row may be masked whole by a finite number: the Softmax shares it out over all keys, a causal kernel over those up to the
   * query. With minus infinity both give NaN.
   */
  readonly mayBeWhole: boolean;
}

/** key − query of the keys after the query, of its own, and of those up to it. */
const bands = {
  after: { from: 1, to: Number.POSITIVE_INFINITY },
  own: { from: 0, to: 0 },
  upTo: { from: Number.NEGATIVE_INFINITY, to: 0 },
} as const satisfies Record<string, Band>;

/** A term of at least this hides no score. */
export const SEEN = -1e4;

type BandReaders = Record<keyof typeof bands, ElementReader>;

/** By the text of the number of keys before the queries. */
const readers = new WeakMap<Facts, Map<string, BandReaders>>();

function readersOf(facts: Facts, past: Dim = 0): BandReaders {
  const known = readers.get(facts) ?? new Map<string, BandReaders>();
  readers.set(facts, known);
  const made = known.get(dimText(past)) ?? {
    after: new ElementReader(bands.after, facts, past),
    own: new ElementReader(bands.own, facts, past),
    upTo: new ElementReader(bands.upTo, facts, past),
  };
  known.set(dimText(past), made);
  return made;
}

/** A key that is lowered by no more than this is still seen beside a fill of -1e4. */
const CLEAR = -1e3;

/** True where no row of the scores can be masked whole: each sees the query's own key, or all see the first. */
export function everyRowSees(site: Masked, facts: Facts): boolean {
  const { own, upTo } = readersOf(facts);
  const diagonal = totalOf(site, own);
  const first = totalOf(site, upTo, FIRST_KEY);
  return [diagonal, first].some((total) => total !== undefined && total.low >= CLEAR);
}

/** The first key, of whatever query. */
const FIRST_KEY: SitePositions = { query: undefined, key: { query: 0, key: 0, c: 0 } };

/** The values that the terms are computed from: a mask known by its structure keeps that structure on other inputs. */
export function inputsOf(
  { terms }: { readonly terms: readonly Pick<MaskTerm, 'value'>[] },
  facts: Facts,
): readonly Value[] {
  const seen = new Set<Value>();
  const stack = terms.map((term) => term.value);
  for (let value = stack.pop(); value; value = stack.pop()) {
    if (seen.has(value) || value.isConstant || facts.contents(value)) continue;
    seen.add(value);
    append(stack, value.producer?.inputs.filter((input) => input !== undefined) ?? []);
  }
  return [...seen].filter((value) => !value.producer);
}

/** A Miss where a key after its query may be seen. `past`: the number of keys before that of the first query. */
export function causalityOf(site: Masked & { readonly softmax: Node }, facts: Facts, past: Dim = 0): Match<Causality> {
  const { after, own, upTo } = readersOf(facts, past);
  const at = site.terms[0]?.at ?? site.softmax;
  const placing = past === 0 ? ANY : BEHIND;
  const later = totalOf(site, after, placing);
  if (!later || later.high > MASKED)
    return new Miss('the mask is not shown to be causal: a key after its query may be seen', at);
  const diagonal = totalOf(site, own, placing);
  const isNeverWhole = diagonal !== undefined && diagonal.low >= SEEN;
  const seen = totalOf(site, upTo, placing);
  return {
    isPure: seen !== undefined && seen.low === 0 && seen.high === 0,
    mayBeWhole: !isNeverWhole && later.high !== Number.NEGATIVE_INFINITY,
  };
}

/** The interval of all elements of a value; undefined where it is not known. */
export const elementsAnywhere = (value: Value | undefined, facts: Facts): Elements | undefined =>
  readersOf(facts).upTo.at(value);

/**
 * True where a term may hide a whole row besides the mask behind it: it is a mask itself, or a bias in which a number as low as those of
 * masks is added, multiplied or chosen. What a product of matrices gives is no mask.
 */
export function mayHide(term: MaskTerm, facts: Facts): boolean {
  if (term.kind === 'mask') return true;
  const seen = new Set<Value>();
  const stack = [term.value];
  for (let value = stack.pop(); value; value = stack.pop()) {
    if (seen.has(value)) continue;
    seen.add(value);
    const found = value.isConstant ? elementsAnywhere(value, facts) : undefined;
    if (found && Math.min(found.low, -found.high) <= WEAK && value.elem && isFloat(value.elem)) return true;
    if (!value.producer || PRODUCTS.has(value.producer.opType)) continue;
    append(
      stack,
      value.producer.inputs.filter((input) => input !== undefined),
    );
  }
  return false;
}

const PRODUCTS: ReadonlySet<string> = new Set(['MatMul', 'Gemm', 'Einsum', 'Conv']);

/** The fields of a site that this file reads. */
interface Masked {
  readonly terms: readonly MaskTerm[];
  readonly query: { readonly rows: readonly AxisFactor[] };
  readonly key: { readonly rows: readonly AxisFactor[] };
}

/** The positions of the queries and the keys. */
interface SitePositions {
  readonly query: Position;
  readonly key: Position;
}
const ANY: SitePositions = { query: { query: 1, key: 0, c: 0 }, key: { query: 0, key: 1, c: 0 } };
/** The same, where a query is known by the place of its own key. */
const BEHIND: SitePositions = { ...ANY, query: { query: 1, key: 0, c: 0, past: -1 } };

/** Sums all terms of the scores in a band. */
function totalOf(site: Masked, reader: ElementReader, placing = ANY): Maybe {
  let total: Maybe = exactly(0);
  for (const term of site.terms) {
    const found = reader.at(term.value, positionsOf(term, site, placing));
    if (term.kind === 'bias') total = sum(total, product(found, exactly(term.factor)));
    else {
      const [holds, fails] = [found?.low === 1, found?.high === 0];
      const [kept, filled] = term.keepsWhereTrue ? [holds, fails] : [fails, holds];
      const fill = exactly(Math.min(term.fill, MASKED));
      total = kept ? total : filled ? fill : joined(total, fill);
    }
    if (term.floor !== undefined) total = maximum(total, exactly(term.floor));
  }
  return total;
}

/** Places the elements of a term in the scores. */
function positionsOf({ value, axes }: MaskTerm, { query, key }: Masked, placing: SitePositions): readonly Position[] {
  const own = axes.slice(axes.length - (value.shape?.length ?? 0));
  return own.map((factors) => {
    if (sameFactors(factors, query.rows)) return placing.query;
    return sameFactors(factors, key.rows) ? placing.key : undefined;
  });
}
