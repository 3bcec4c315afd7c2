/** Runs a model on onnxruntime's CPU provider with its own optimizations off: the reference of every test. */
import ort from 'onnxruntime-node';
import { memoryTensor, stringTensor, type Tensor } from '../src/ir/tensors/tensor.js';
import type { DataType } from '../src/ir/types.js';
import { keepFloat16Bits } from '../src/runtime/float16-bits.js';

/** Tensors by name. */
export type Tensors = Readonly<Record<string, Tensor>>;

type Numbers = { readonly buffer: ArrayBufferLike; readonly byteOffset: number; readonly byteLength: number };
type NumbersClass = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => Numbers;

keepFloat16Bits(ort.Tensor);

const arrays: Partial<Record<DataType, readonly [NumbersClass, number]>> = {
  float32: [Float32Array, 4],
  float64: [Float64Array, 8],
  float16: [Uint16Array, 2],
  int8: [Int8Array, 1],
  int16: [Int16Array, 2],
  int32: [Int32Array, 4],
  int64: [BigInt64Array, 8],
  uint8: [Uint8Array, 1],
  uint16: [Uint16Array, 2],
  uint32: [Uint32Array, 4],
  uint64: [BigUint64Array, 8],
  bool: [Uint8Array, 1],
};

function toRuntime(tensor: Tensor): ort.Tensor {
  if (tensor.strings)
    return new ort.Tensor(
      'string',
      tensor.strings.map((text) => new TextDecoder().decode(text)),
      tensor.shape,
    );
  const [Numbers, size] = arrays[tensor.type] ?? [];
  if (!Numbers || !size) throw new TypeError(`run-model: onnxruntime-node takes no ${tensor.type}`);
  // Copied: the runtime wants aligned memory.
  const bytes = Uint8Array.from(tensor.bytes());
  const data = new Numbers(bytes.buffer, 0, bytes.byteLength / size);
  const type = tensor.type as ort.Tensor.Type;
  return new ort.Tensor(type, data as unknown as ort.Tensor.DataType, tensor.shape) as ort.Tensor;
}

function fromRuntime(tensor: ort.Tensor): Tensor {
  if (tensor.type === 'string')
    return stringTensor(
      tensor.dims,
      (tensor.data as string[]).map((text) => new TextEncoder().encode(text)),
    );
  const { buffer, byteOffset, byteLength } = tensor.data as unknown as Numbers;
  return memoryTensor(tensor.type as DataType, tensor.dims, new Uint8Array(buffer, byteOffset, byteLength).slice());
}

export interface RunOptions {
  /** The runtime's own optimizations on. */
  readonly optimize?: boolean;
  /** Where the runtime writes the graph it runs. */
  readonly optimizedPath?: string;
}

/** A model that is loaded. */
export interface OpenModel {
  run(feeds: Tensors): Promise<Tensors>;
  release(): Promise<void>;
}

/** Loads a model, given as its bytes or the path of its file. Rejects where the runtime refuses it. */
export async function openModel(model: Uint8Array | string, options: RunOptions = {}): Promise<OpenModel> {
  const settings: ort.InferenceSession.SessionOptions = {
    graphOptimizationLevel: options.optimize ? 'all' : 'disabled',
    logSeverityLevel: 4,
    intraOpNumThreads: 1,
    ...(options.optimizedPath && { optimizedModelFilePath: options.optimizedPath }),
  };
  const session = await (typeof model === 'string'
    ? ort.InferenceSession.create(model, settings)
    : ort.InferenceSession.create(model, settings));
  return {
    async run(feeds) {
      const given = Object.entries(feeds).filter(([name]) => session.inputNames.includes(name));
      const outputs = await session.run(Object.fromEntries(given.map(([name, tensor]) => [name, toRuntime(tensor)])));
      return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, fromRuntime(tensor)]));
    },
    release: () => session.release(),
  };
}

/** The outputs of a model on these feeds. Rejects where the runtime refuses it. */
export async function runModel(model: Uint8Array | string, feeds: Tensors, options: RunOptions = {}): Promise<Tensors> {
  const opened = await openModel(model, options);
  return opened.run(feeds).finally(() => opened.release());
}
