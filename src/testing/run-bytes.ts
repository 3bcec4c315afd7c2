/** Runs a model for a test: on seeded inputs, in the child process that runs models. */
import type { Model } from '../ir/model.js';
import { tensorOf } from '../ir/tensors/numbers.js';
import { elementCount, type Tensor } from '../ir/tensors/tensor.js';
import { dataTypes } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { Random } from '../validate/inputs/random.js';
import type { NamedTensors } from './compare-tensors.js';

/** The outputs of a model on the CPU, the runtime's own optimizations off. */
export async function runBytes(bytes: Uint8Array, feeds: NamedTensors): Promise<NamedTensors> {
  const { sharedRuntime } = await import('../runtime/evaluate.js');
  const { fromTensorData, toTensorData } = await import('../runtime/tensor-data.js');
  const runtime = await sharedRuntime();
  const session = await runtime.load(bytes, { provider: 'cpu', threads: 1 });
  try {
    const given = session.inputs.flatMap(({ name }) =>
      feeds[name] ? [[name, toTensorData(feeds[name])] as const] : [],
    );
    const { outputs } = await session.run(Object.fromEntries(given));
    return Object.fromEntries(session.outputs.map(({ name }) => [name, fromTensorData(outputs[name] as never)]));
  } finally {
    await session.release();
  }
}

/** Seeded numbers for the tensor inputs without a default: floats are normal, ids and masks 0 or 1. */
export function randomFeeds(model: Model, dims: Readonly<Record<string, number>> = {}, seed = 1): NamedTensors {
  const random = new Random(seed);
  const feeds: Record<string, Tensor> = {};
  for (const input of model.graph.inputs)
    if (input.type?.kind === 'tensor' && !input.defaultTensor) feeds[input.name] = randomTensor(input, dims, random);
  return feeds;
}

function randomTensor(input: Value, dims: Readonly<Record<string, number>>, random: Random): Tensor {
  const { elem, shape } = input;
  if (!elem || !shape)
    throw new TypeError(`checkPass: input "${input.name}": expected a shape or feeds; found neither`);
  const sizes = shape.map((dim) => (typeof dim === 'number' ? dim : (dims[String(dim)] ?? 2)));
  const isReal = dataTypes[elem].kind === 'float';
  const values = Array.from({ length: elementCount(sizes) }, () => (isReal ? random.normal() : random.int(0, 2)));
  return tensorOf(elem, values, sizes);
}
