/** Query, key and value in the forms that kernels take. */
import type { DataType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { type Match, Miss } from '../../../src/match/miss.js';
import type { Rewriter } from '../../../src/match/rewriter.js';
import { type Axes, type AxisFactor, sizeOf } from '../../../src/match/views/view.js';
import type { OperandSource, SiteOperand } from '../read/parts.js';
import type { Scale } from '../read/reading.js';
import type { AttentionSite } from '../read/site.js';
import { type Arrangement, arrange } from './arrange.js';
import { type AttentionLayout, merged, separate } from './layout.js';

/** An operand in a form, still to be made: the source is arranged, multiplied by scales, and its axes merged as the form has them. */
export interface ArrangedOperand {
  readonly source: OperandSource;
  readonly change: Arrangement;
  readonly scales: readonly { readonly scale: Scale; readonly change: Arrangement }[];
  readonly merge: Arrangement;
  readonly axes: Axes;
}

/**
 * Chooses the element type of the kernel. A bias that was added in float32 to narrower scores needs float32 in the
 * whole kernel: its numbers may not fit the narrower type. So does a finite fill: a fill that drowns every score is
 * minus infinity in float16, and a row masked whole would be NaN.
 */
export function elemOfKernel({ terms, elem, query, key }: AttentionSite): DataType {
  const isWider =
    terms.some((term) =>
      term.kind === 'bias' ? term.elem !== elem : elem === 'float16' && Number.isFinite(term.fill),
    ) || [query, key].some(({ scales }) => scales.some(({ value }) => value.elem !== elem));
  return isWider ? 'float32' : elem;
}

/**
 * Brings a source of the part to a form by the fewest copies; a Miss where it has not every batch and head of its own,
 * or sizes are not known.
 */
export function operand(part: SiteOperand, axes: Axes, site: AttentionSite): Match<ArrangedOperand> {
  if (part.lacks.some((factor) => axes.flat().includes(factor)))
    return new Miss(`one ${part === site.query ? 'query' : 'key or value'} for several batches or heads`, site.context);
  const fine = part.scales.reduce<Axes>((fine, scale) => fine.flatMap((axis) => runsIn(axis, scale)), axes);
  const merge = arrange(fine, axes);
  const found = part.sources.flatMap((source) => {
    const change = arrange(source.axes, fine);
    return change ? [{ source, change }] : [];
  });
  const [best] = found.sort((a, b) => a.change.copies - b.change.copies);
  const scales = part.scales.flatMap((scale) => {
    const change = arrange(
      scale.axes,
      fine.map((axis) => (isIn(axis[0], scale) ? axis : [])),
    );
    return change ? [{ scale, change }] : [];
  });
  if (!best || !merge || scales.length < part.scales.length)
    return new Miss('sizes of the operands are not known', site.context);
  return { ...best, scales, merge, axes };
}

const isIn = (factor: AxisFactor | undefined, { axes }: Scale): boolean => axes.flat().includes(factor as AxisFactor);

/** The axis in pieces that a scale has whole or not at all. */
function runsIn(axis: readonly AxisFactor[], scale: Scale): AxisFactor[][] {
  const runs: AxisFactor[][] = [];
  for (const factor of axis) {
    const last = runs.at(-1);
    if (last && isIn(last[0], scale) === isIn(factor, scale)) last.push(factor);
    else runs.push([factor]);
  }
  return runs.length > 0 ? runs : [[]];
}

/**
 * Key and value in one form, which the kernel `takes`. It transposes [B, T, N·D] by itself, which is a copy of each; [B, N, T, D] it
 * takes as it is.
 */
export function keyAndValue(
  site: AttentionSite,
  layout: AttentionLayout,
  takes: (pair: readonly ArrangedOperand[]) => Miss | undefined,
): Match<readonly [ArrangedOperand, ArrangedOperand]> {
  const forms = [merged, separate].map((form) => {
    const both = [site.key, site.value].map((part) => operand(part, form(part, layout), site));
    return (
      both.find((one) => one instanceof Miss) ??
      takes(both as ArrangedOperand[]) ??
      (both as [ArrangedOperand, ArrangedOperand])
    );
  });
  const [flat, four] = forms as [Match<[ArrangedOperand, ArrangedOperand]>, Match<[ArrangedOperand, ArrangedOperand]>];
  if (flat instanceof Miss) return four instanceof Miss ? flat : four;
  return four instanceof Miss || copiesOf(flat) + 2 <= copiesOf(four) ? flat : four;
}

export const copiesOf = (operands: readonly ArrangedOperand[]): number =>
  operands.reduce((sum, { change }) => sum + change.copies, 0);

/** The operand's value in the kernel's element type. */
export function made(builder: Rewriter, { source, change, scales, merge }: ArrangedOperand, elem: DataType): Value {
  const scaled = scales.reduce(
    (value, { scale, change }) =>
      builder.op(scale.isDivisor ? 'Div' : 'Mul', [value, change.apply(builder, builder.cast(scale.value, elem))]),
    change.apply(builder, builder.cast(source.value, elem)),
  );
  return merge.apply(builder, scaled);
}

/** The values that operands are made of. */
export const valuesOf = (operands: readonly ArrangedOperand[]): Value[] =>
  operands.flatMap(({ source, scales }) => [source.value, ...scales.map(({ scale }) => scale.value)]);

export const dimsOf = ({ axes }: ArrangedOperand) => axes.map(sizeOf);
