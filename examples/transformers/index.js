import { AutoModel, env, Tensor } from '@huggingface/transformers';

env.allowRemoteModels = false;
env.localModelPath = './';

// The result has the name of the original, which the loader calls fp32: half keeps the ports in float32.
const model = await AutoModel.from_pretrained('optimized', { dtype: 'fp32' });
const ids = BigInt64Array.from([1n, 2n, 3n, 4n]);
const { last_hidden_state } = await model({
  input_ids: new Tensor('int64', ids, [1, ids.length]),
  attention_mask: new Tensor('int64', ids.map(() => 1n), [1, ids.length]),
  token_type_ids: new Tensor('int64', ids.map(() => 0n), [1, ids.length]),
});
console.log(`last_hidden_state: ${last_hidden_state.dims.join(' × ')}`);
