/** Operators of ai.onnx.preview. */
import { dataTypeOfCode, tensorType } from '../../ir/types.js';
import type { InferRule } from '../call.js';
import type { Rows } from '../row.js';

/** FlexAttention(Q, K, V): [batch, heads, length, size] each; its bodies map scores and probabilities to their like. */
const flexAttention: InferRule = (call) => {
  const [query, key, value, elem] = [call.shape(0), call.shape(1), call.shape(2), call.elem(0)];
  if (query?.length !== 4) return;
  const asked = call.int('softmax_precision');
  const inner = asked ? dataTypeOfCode(asked) : elem === 'float64' ? elem : 'float32';
  const scores = key?.[2] !== undefined ? [...query.slice(0, 3), key[2]] : undefined;
  for (const name of ['score_mod', 'prob_mod']) {
    const body = call.body(name);
    if (body) call.infer(body, [{ type: inner && tensorType(inner, scores) }]);
  }
  call.set(0, [...query.slice(0, 3), value?.[3]], elem);
};

export const preview: Rows = {
  FlexAttention: { infer: flexAttention },
};
