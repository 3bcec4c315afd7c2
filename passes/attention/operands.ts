/** Query, key and value in the forms that kernels take. */
import type { DataType } from '../../src/ir/types.js';
import { dataTypes } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { type Match, Miss } from '../../src/match/miss.js';
import type { Axes } from '../../src/match/view.js';
import type { Change } from './arrange.js';
import type { Builder } from './builder.js';
import { dimOf, formOf, type Layout, merged, separate } from './layout.js';
import type { Part } from './parts.js';
import type { AttentionSite } from './site.js';

/** An operand in a form, still to be made. */
export interface Operand {
  readonly part: Part;
  readonly axes: Axes;
  readonly change: Change;
}

export const codeOf = (elem: DataType): number => dataTypes[elem].code;

/** A bias that was added in float32 to narrower scores wants the whole kernel in float32: its numbers may not fit the other. */
export const elemOfKernel = (site: AttentionSite): DataType =>
  site.terms.some((term) => term.kind === 'bias' && term.elem !== site.elem) ? 'float32' : site.elem;

export function operand(part: Part, axes: Axes, site: AttentionSite): Match<Operand> {
  const change = formOf(part, axes, site);
  return change instanceof Miss ? change : { part, axes, change };
}

/** Key and value in one form: [B, T, N·D] where both stand so in the graph or it copies no more than [B, N, T, D] would. */
export function keyAndValue(site: AttentionSite, layout: Layout): Match<readonly [Operand, Operand]> {
  const forms = [merged, separate].map((form) => {
    const both = [site.key, site.value].map((part) => operand(part, form(part, layout), site));
    return both.find((one) => one instanceof Miss) ?? (both as [Operand, Operand]);
  });
  const [flat, four] = forms as [Match<[Operand, Operand]>, Match<[Operand, Operand]>];
  if (flat instanceof Miss) return four;
  return four instanceof Miss || copiesOf(flat) <= copiesOf(four) ? flat : four;
}

export const copiesOf = (operands: readonly Operand[]): number =>
  operands.reduce((sum, { change }) => sum + change.copies, 0);

/** The operand's value in the kernel's element type. */
export function made(builder: Builder, { part, change }: Operand, elem: DataType): Value {
  const value = part.base.elem === elem ? part.base : builder.op('Cast', [part.base], { to: codeOf(elem) });
  return change.apply(builder, value);
}

export const dimsOf = ({ axes }: Operand) => axes.map(dimOf);
