/** Files for tests, made of messages or of bare protobuf fields. */
import { encodeMessage } from '../../src/onnx/codec/message.js';
import type { ModelMessage, NodeMessage, TensorMessage } from '../../src/onnx/proto/messages.js';

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

export const concat = (...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]));

/** A varint; a bigint may be as long as ten bytes. */
export function varint(value: number | bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return bytes;
}

/** A field of one of protobuf's wire types: 0 a varint, 2 bytes with their length before them. */
export const field = (number: number, content: number | bigint | Uint8Array | readonly number[]): Uint8Array =>
  typeof content === 'object'
    ? concat(varint(number * 8 + 2), varint(content.length), content)
    : concat(varint(number * 8), varint(content));

export const info = (name: string, elemType = 1, dims: readonly number[] = [2]) => ({
  name,
  type: { tensorType: { elemType, shape: { dim: dims.map((dimValue) => ({ dimValue })) } } },
});

export const floats = (name: string, values: readonly number[], dims: readonly number[] = [values.length]) =>
  ({ name, dims: [...dims], dataType: 1, floatData: [...values] }) satisfies TensorMessage;

export const int64s = (name: string, values: readonly number[], dims: readonly number[] = [values.length]) =>
  ({ name, dims: [...dims], dataType: 7, int64Data: [...values] }) satisfies TensorMessage;

export const node = (
  opType: string,
  input: readonly string[],
  output: readonly string[],
  more: NodeMessage = {},
): NodeMessage => ({ opType, input: [...input], output: [...output], ...more });

/** y = Relu(x), in full. */
export const relu: ModelMessage = {
  irVersion: 8,
  opsetImport: [{ domain: '', version: 17 }],
  graph: { name: 'main', node: [node('Relu', ['x'], ['y'])], input: [info('x')], output: [info('y')] },
};

/** The bytes of a message that is as `relu` but for what is given. */
export const modelBytes = (model: ModelMessage = {}, graph: ModelMessage['graph'] = {}): Uint8Array =>
  new Uint8Array(encodeMessage('ModelProto', { ...relu, graph: { ...relu.graph, ...graph }, ...model }));

/** Likewise, with one initializer that the node adds. */
export const withInitializer = (tensor: TensorMessage): Uint8Array =>
  modelBytes({}, { initializer: [tensor], node: [node('Add', ['x', tensor.name ?? ''], ['y'])] });
