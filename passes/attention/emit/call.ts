/** Defines the call of an attention kernel on query, key, value and the bias, and the forms that it takes. */
import { type AttributeLike, float } from '../../../src/ir/attribute.js';
import { type DataType, tensorType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import type { Rewriter } from '../../../src/match/rewriter.js';
import type { Axes } from '../../../src/match/views/view.js';
import type { AttentionSite } from '../read/site.js';
import type { BiasPlan, SharedBiases } from './bias.js';
import type { Emission } from './kernel.js';
import { type ArrangedOperand, dimsOf, made, valuesOf } from './operands.js';

export interface AttentionCall {
  readonly opType: string;
  readonly domain: string;
  readonly operands: readonly [query: ArrangedOperand, key: ArrangedOperand, value: ArrangedOperand];
  readonly bias: BiasPlan | undefined;
  readonly elem: DataType;
  /** The axes of the output. */
  readonly axes: Axes;
  /** The attributes besides the scale and the soft cap. */
  readonly attributes: Readonly<Record<string, AttributeLike>>;
  readonly masks?: readonly Value[];
  /** The inputs in the kernel's order. */
  inputs(given: CallInputs, builder: Rewriter, shared: SharedBiases): readonly (Value | undefined)[];
  /** Builds the nodes behind the output, if there are any. */
  finish?(output: Value, given: CallInputs, builder: Rewriter, shared: SharedBiases): Value;
}

/** The operands of a kernel's call. */
export interface CallInputs {
  readonly query: Value;
  readonly key: Value;
  readonly value: Value;
  readonly bias: Value | undefined;
}

/** The factor of query · key; the scales of both operands are in it. */
export const scaleOf = ({ scale }: AttentionSite, [query, key]: AttentionCall['operands']): number =>
  scale * query.source.scale * key.source.scale;

export const emissionOf = (site: AttentionSite, call: AttentionCall): Emission => ({
  axes: call.axes,
  elem: call.elem,
  operands: valuesOf(call.operands),
  ...(call.masks && { masks: call.masks }),
  plan(builder, shared) {
    const [query, key, value] = call.operands.map((one) => {
      const result = made(builder, one, call.elem);
      result.type ??= tensorType(call.elem, dimsOf(one));
      return result;
    }) as [Value, Value, Value];
    const [queryDims, keyDims] = call.operands.map(dimsOf) as [never, never];
    const bias = call.bias?.(builder, { query, queryDims, key, keyDims }, shared);
    const given: CallInputs = { query, key, value, bias };
    const attributes = {
      scale: float(scaleOf(site, call.operands)),
      ...(site.softcap !== undefined && { softcap: float(site.softcap) }),
      ...call.attributes,
    };
    const output = builder.op(call.opType, call.inputs(given, builder, shared), attributes, { domain: call.domain });
    return call.finish?.(output, given, builder, shared) ?? output;
  },
});
