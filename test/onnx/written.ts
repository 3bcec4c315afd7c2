/** Writes a model and reads the result. */
import type { Model } from '../../src/ir/model.js';
import { numbersOf, tensorOf } from '../../src/ir/tensors/numbers.js';
import { decodeMessage } from '../../src/onnx/codec/message.js';
import type { GraphMessage, ModelMessage } from '../../src/onnx/proto/messages.js';
import { writeModel } from '../../src/onnx/write.js';
import { runModel } from '../run-model.js';

export const graphOf = async (model: Model): Promise<GraphMessage> =>
  decodeMessage<ModelMessage>('ModelProto', await writeModel(model)).graph as GraphMessage;

/** What a graph's nodes say: `Op(inputs) → outputs`. */
export const lines = (graph: GraphMessage): string[] =>
  (graph.node ?? []).map(
    ({ opType, input = [], output = [] }) => `${opType}(${input.join(', ')}) → ${output.join(', ')}`,
  );

/** The outputs in onnxruntime, the input x = [1, -2], the condition c = true. */
export async function run(model: Model): Promise<Record<string, number[]>> {
  const feeds = { x: tensorOf('float32', [1, -2]), c: tensorOf('bool', 1) };
  const outputs = await runModel(await writeModel(model), feeds);
  return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, [...numbersOf(tensor)]]));
}
