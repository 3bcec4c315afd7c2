/** Attention of ai.onnx by its two products and the Softmax between them. */
import { dataTypes } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { type Cure, type CureScope, lacking } from './cure.js';

/** What it computes with. What moves elements has kernels wherever these have. */
const uses = 'MatMul Mul Softmax Add Greater ReduceMax Where And';
/** A score of what a mask excludes: far below all others, and finite. */
const LOW = { float32: -1e30, float16: -6e4 };
/** The kernels give zeros for a row whose scores are all as low as this. */
const LOWEST = -1e38;

/** Attention(Q, K, V, mask) ⟶ Softmax(s·Q Kᵀ + mask) V; rows that the mask excludes whole are zeros. */
export const attention: Cure = (scope) => {
  const { node, build, elem } = scope;
  if (!node.is('Attention') || node.domain !== '' || node.hasReference) return undefined;
  if (elem !== 'float32' && elem !== 'float16') return `its form in ${elem} is not known`;
  const refusal = formOf(scope) ?? lacking(uses, scope);
  if (refusal) return refusal;
  const [query, key, value, mask] = node.inputs as [Value, Value, Value, Value | undefined];
  const number = (of: number): Value => build.constant(elem, of);
  const heads = { query: headsOf(query, node.int('q_num_heads')), key: headsOf(key, node.int('kv_num_heads')) };
  const width = widthOf(query, heads.query);
  if (!heads.query || !heads.key || width === undefined || heads.query % heads.key !== 0)
    return 'its heads are not known';
  const group = heads.query / heads.key;
  const valueWidth = widthOf(value, heads.key);
  if (group > 1 && valueWidth === undefined) return 'the width of its values is not known';
  /** [B, S, N·D] ⟶ [B, N, S, D] */
  const split = (of: Value, count: number): Value =>
    of.shape?.length === 4
      ? of
      : build.op('Transpose', [build.op('Reshape', [of, build.ints(0, 0, count, -1)])], { perm: [0, 2, 1, 3] });
  /** Each head of key and value as many times as it has heads of the query. */
  const shared = (of: Value, size: number): Value => {
    const four = split(of, heads.key as number);
    if (group === 1) return four;
    const spread = build.op('Expand', [build.unsqueeze(four, [2]), build.ints(1, 1, group, 1, 1)]);
    return build.op('Reshape', [spread, build.ints(0, heads.query as number, -1, size)]);
  };
  const scale = node.float('scale') || 1 / Math.sqrt(width);
  const scaled = build.op('Mul', [split(query, heads.query), number(scale)]);
  const turned = build.op('Transpose', [shared(key, width)], { perm: [0, 1, 3, 2] });
  let scores = build.op('MatMul', [scaled, turned]);
  let kept = mask?.elem === 'bool' ? mask : undefined;
  if (node.int('is_causal', 0) === 1) {
    const earlier = causal(scope);
    kept = kept ? build.op('And', [kept, earlier]) : earlier;
  }
  if (mask && mask.elem !== 'bool') scores = build.op('Add', [scores, mask]);
  if (kept) scores = build.op('Where', [kept, scores, number(LOW[elem])]);
  let weights = build.op('Softmax', [scores], { axis: -1 });
  // A row that is excluded whole would share its weight out evenly.
  if (kept) weights = build.op('Where', [kept, weights, number(0)]);
  if (mask && mask.elem !== 'bool') {
    const isAny = build.op('Greater', [build.reduce('ReduceMax', scores, -1), number(LOWEST)]);
    weights = build.op('Where', [isAny, weights, number(0)]);
  }
  const found = build.op('MatMul', [weights, shared(value, valueWidth ?? 0)]);
  if (query.shape?.length === 4) return { value: found };
  const merged = build.op('Transpose', [found], { perm: [0, 2, 1, 3] });
  return { value: build.op('Reshape', [merged, build.ints(0, 0, -1)]) };
};

/** Why this form of it is not taken apart. */
function formOf({ node, elem, opset }: CureScope): string | undefined {
  const [query, key, value, mask, ...rest] = node.inputs;
  const ranks = [query, key, value].map((one) => one?.shape?.length);
  if (rest.some((one) => one)) return 'it has a past';
  if (node.float('softcap', 0) !== 0) return 'it has a soft cap';
  const stash = node.int('softmax_precision');
  if (stash !== undefined && stash !== 0 && stash !== dataTypes[elem].code) return 'its Softmax has another type';
  if (!ranks.every((rank) => rank === ranks[0]) || (ranks[0] !== 3 && ranks[0] !== 4)) return 'its ranks are not known';
  if (!mask) return undefined;
  const [last, length] = [mask.shape?.at(-1), key?.shape?.at(-2)];
  if (opset >= 24 && (last === undefined || String(last) !== String(length)))
    return 'its mask may be shorter than its keys';
  return mask.elem !== 'bool' && elem !== 'float32' ? 'its mask of numbers may exclude a row whole' : undefined;
}

/** [S, T]: true where a key is not behind its query. */
function causal({ node, build }: CureScope): Value {
  const [query, key] = node.inputs as [Value, Value];
  const range = (of: Value): Value => {
    const at = of.shape?.length === 4 ? 2 : 1;
    const length = build.squeeze(build.op('Shape', [of], { start: at, end: at + 1 }), [0]);
    return build.op('Range', [build.constant('int32', 0), build.cast(length, 'int32'), build.constant('int32', 1)]);
  };
  return build.op('GreaterOrEqual', [build.unsqueeze(range(query), [1]), build.unsqueeze(range(key), [0])]);
}

const headsOf = ({ shape }: Value, told: number | undefined): number | undefined => {
  const heads = shape?.length === 4 ? shape[1] : told;
  return typeof heads === 'number' ? heads : undefined;
};

const widthOf = ({ shape }: Value, heads: number | undefined): number | undefined => {
  const width = shape?.at(-1);
  if (typeof width !== 'number' || !heads) return undefined;
  return shape?.length === 4 ? width : width / heads;
};
