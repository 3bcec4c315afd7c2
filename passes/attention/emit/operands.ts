/** Query, key and value in the forms that kernels take. */
import type { DataType } from '../../../src/ir/types.js';
import { dataTypes } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { type Match, Miss } from '../../../src/match/miss.js';
import type { Rewriter } from '../../../src/match/rewriter.js';
import type { Axes } from '../../../src/match/view.js';
import type { Part, Source } from '../read/parts.js';
import type { AttentionSite } from '../read/site.js';
import type { Change } from './arrange.js';
import { dimOf, formOf, type Layout, merged, separate } from './layout.js';

/** An operand in a form, still to be made. */
export interface Operand {
  readonly source: Source;
  readonly axes: Axes;
  readonly change: Change;
}

export const codeOf = (elem: DataType): number => dataTypes[elem].code;

/**
 * A bias that was added in float32 to narrower scores wants the whole kernel in float32: its numbers may not fit the other. So
 * does a finite fill: what drowns every score is minus infinity in float16, and a row that is masked whole would be NaN.
 */
export const elemOfKernel = (site: AttentionSite): DataType =>
  site.terms.some((term) =>
    term.kind === 'bias' ? term.elem !== site.elem : site.elem === 'float16' && Number.isFinite(term.fill),
  )
    ? 'float32'
    : site.elem;

export function operand(part: Part, axes: Axes, site: AttentionSite): Match<Operand> {
  const found = formOf(part, axes, site);
  return found instanceof Miss ? found : { source: found[0], change: found[1], axes };
}

/**
 * Key and value in one form, which the kernel `takes`. It transposes [B, T, N·D] by itself, which is a copy of each; [B, N, T, D] it
 * takes as it is.
 */
export function keyAndValue(
  site: AttentionSite,
  layout: Layout,
  takes: (pair: readonly Operand[]) => Miss | undefined,
): Match<readonly [Operand, Operand]> {
  const forms = [merged, separate].map((form) => {
    const both = [site.key, site.value].map((part) => operand(part, form(part, layout), site));
    return both.find((one) => one instanceof Miss) ?? takes(both as Operand[]) ?? (both as [Operand, Operand]);
  });
  const [flat, four] = forms as [Match<[Operand, Operand]>, Match<[Operand, Operand]>];
  if (flat instanceof Miss) return four instanceof Miss ? flat : four;
  return four instanceof Miss || copiesOf(flat) + 2 <= copiesOf(four) ? flat : four;
}

export const copiesOf = (operands: readonly Operand[]): number =>
  operands.reduce((sum, { change }) => sum + change.copies, 0);

/** The operand's value in the kernel's element type. */
export function made(builder: Rewriter, { source, change }: Operand, elem: DataType): Value {
  const { value: given } = source;
  const value = given.elem === elem ? given : builder.op('Cast', [given], { to: codeOf(elem) });
  return change.apply(builder, value);
}

export const dimsOf = ({ axes }: Operand) => axes.map(dimOf);
