/** Converts tensors between the form that crosses processes and that of onnxruntime for JavaScript, in Node and in a browser. */
import type { InferenceSession, Tensor as OrtTensor, Tensor } from 'onnxruntime-node';
import type { Port, TensorData, Tensors } from './protocol.js';

/** Typed arrays by element type, where the runtime does not take a Uint8Array. */
const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  // Later versions of JavaScript have a Float16Array; onnxruntime-web makes one of the bits itself, and `float16-bits` has onnxruntime-node take them.
  float16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
} as const;

/** Whether tensors of the type can be given to the runtime and taken from it. */
const isExchanged = (type: string): boolean => type in arrays || ['uint8', 'bool', 'string'].includes(type);

/** The inputs of a run, as tensors of one runtime, which is called by `name` where it refuses a type. */
export const feedsOf = (feeds: Tensors, Tensor: typeof OrtTensor, name: string): Record<string, OrtTensor> =>
  Object.fromEntries(Object.entries(feeds).map(([input, tensor]) => [input, toOrt(tensor, Tensor, name)]));

function toOrt({ type, shape, data }: TensorData, Tensor: typeof OrtTensor, name: string): OrtTensor {
  if (!isExchanged(type)) throw new Error(`${name} cannot take tensors of ${type}`);
  if (!(data instanceof Uint8Array)) return new Tensor('string', [...data], [...shape]);
  const array = arrays[type as keyof typeof arrays];
  if (!array) return new Tensor(type as 'uint8', data, [...shape]);
  const isAligned = data.byteOffset % array.BYTES_PER_ELEMENT === 0;
  const bytes = isAligned ? data : new Uint8Array(data);
  const elements = new array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length / array.BYTES_PER_ELEMENT);
  return new Tensor(type as 'float32', elements as Float32Array, [...shape]);
}

export const resultsOf = (results: InferenceSession.OnnxValueMapType): Record<string, TensorData> =>
  Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, fromOrt(tensor as Tensor)]));

function fromOrt({ type, dims, data }: OrtTensor): TensorData {
  if (Array.isArray(data)) return { type: 'string', shape: dims, data: data as string[] };
  const { buffer, byteOffset, byteLength } = data as Uint8Array;
  return { type: type as TensorData['type'], shape: dims, data: new Uint8Array(buffer, byteOffset, byteLength) };
}

export const portOf = (port: InferenceSession.ValueMetadata): Port =>
  port.isTensor
    ? { name: port.name, type: port.type as TensorData['type'], shape: port.shape }
    : { name: port.name, type: undefined, shape: [] };

/** Throws where an output that is asked for (default all) is of a type that the runtime cannot give back. */
export function refuseOutputs(
  ports: readonly InferenceSession.ValueMetadata[],
  outputs: readonly string[] | undefined,
  name: string,
): void {
  for (const port of ports)
    if (port.isTensor && !isExchanged(port.type) && (outputs ?? [port.name]).includes(port.name))
      throw new Error(`output "${port.name}": ${name} cannot give back tensors of ${port.type}`);
}

/** The names of the outputs that can be given back. */
export const exchangedOutputs = (ports: readonly InferenceSession.ValueMetadata[]): string[] =>
  ports.flatMap((port) => (port.isTensor && isExchanged(port.type) ? [port.name] : []));

/** One run: what `session.run` gives, and its milliseconds. */
export async function timedRun(
  session: InferenceSession,
  inputs: InferenceSession.FeedsType,
  outputs: readonly string[] | undefined,
): Promise<{ readonly found: InferenceSession.ReturnType; readonly ms: number }> {
  const start = performance.now();
  const found = await (outputs ? session.run(inputs, [...outputs]) : session.run(inputs));
  return { found, ms: performance.now() - start };
}

/** Milliseconds of each of `count` runs; outputs that cannot be given back are left out where there are others. */
export async function timedRuns(
  session: InferenceSession,
  inputs: InferenceSession.FeedsType,
  count: number,
): Promise<number[]> {
  const names = exchangedOutputs(session.outputMetadata);
  const ms: number[] = [];
  for (let i = 0; i < count; i++) ms.push((await timedRun(session, inputs, names.length ? names : undefined)).ms);
  return ms;
}
