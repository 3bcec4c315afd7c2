/** Reads an ONNX model. Weights stay where they are until something asks for their bytes. */

import { under } from '../ir/collections/named.js';
import type { Model } from '../ir/model.js';
import { Budget } from '../ir/options/budget.js';
import { type ByteSource, plainBytes, type Tensor } from '../ir/tensors/tensor.js';
import { ModelError } from '../ir/text/errors.js';
import type { CarriedModel } from './carried.js';
import { decodeMessage, TOO_DEEP } from './codec/message.js';
import { openExternal, openModel } from './files.js';
import { fromMessage } from './from-proto.js';
import type { Message, ModelMessage, TensorMessage } from './proto/messages.js';
import { NodeBatches, withoutNodes } from './proto/node-batches.js';
import { readTensor, type TensorSources } from './proto/tensor-proto.js';
import { collapse, tooDeep } from './proto/wire.js';
import { type ReadOptions, readOptionsIn } from './read-options.js';
import { blobSource, memorySource } from './source.js';

export type { ReadOptions } from './read-options.js';

const NOT_ONNX = 'The file is not an ONNX model, or is damaged';

/**
 * Reads a model from a path, from a URL (in Node of a file; in a browser it is fetched), from bytes, or from a Blob or File, of which a worker reads
 * the ranges that are asked for. Throws ModelError, naming the place, what was expected and what was found, where the file is missing, truncated, not
 * ONNX, or not a valid model, and UsageError for an unknown option.
 */
export async function readModel(source: string | URL | Uint8Array | Blob, given: ReadOptions = {}): Promise<Model> {
  const options = readOptionsIn(given);
  const { main, place, folder } = await opened(source, options);
  refuseOtherFormats(main, place);
  const { rest, batches } = withoutNodes(collapse(main, place));
  const message = decode<ModelMessage>('ModelProto', rest, place);
  const nodes = batches && new NodeBatches(batches, (bytes) => decode('GraphProto', bytes, place, 1));
  const locations = externalLocations([message, ...(nodes?.with('location') ?? [])]);
  const model = fromMessage(message, await withExternalFiles(locations, main, folder, options), place, nodes);
  // Numbers in other files are not found from another folder.
  if (locations.size === 0) (model.carried as CarriedModel).source = main;
  return model;
}

/** An open model: its bytes, its name in messages, and the folder of its data. */
interface Opened {
  readonly main: ByteSource;
  readonly place: string;
  readonly folder: string | undefined;
}

async function opened(source: string | URL | Uint8Array | Blob, { folder, onFile }: ReadOptions): Promise<Opened> {
  if (source instanceof Uint8Array) return { main: memorySource(source), place: 'model', folder };
  if (source instanceof Blob)
    return { main: await blobSource(source), place: (source as Partial<File>).name ?? 'model', folder };
  const file = await openModel(source);
  onFile?.(file.place);
  return { ...file, folder: folder ?? file.folder };
}

/** Decodes one serialized TensorProto, as in the `.pb` files of a test data set. */
export const decodeTensor = (array: Uint8Array): Tensor & { name: string } => {
  const bytes = plainBytes(array);
  const message = decode<TensorMessage>('TensorProto', bytes, 'tensor');
  const external = (): never => {
    throw new ModelError('tensor', 'its numbers inside', 'external data');
  };
  return Object.assign(readTensor(message, { main: memorySource(bytes), external, budget: new Budget() }), {
    name: message.name ?? '',
  });
};

/** Throws for what people hand over by mistake. */
function refuseOtherFormats(source: ByteSource, place: string): void {
  if (source.size === 0) throw new ModelError(place, 'an ONNX model', 'an empty file');
  const head = source.read(0, Math.min(512, source.size));
  const text = Array.from(head, (byte) => String.fromCharCode(byte)).join('');
  const refuse = (found: string, remedy = ''): never => {
    throw new ModelError(place, 'an ONNX model', found, remedy);
  };
  if (text.startsWith('version https://git-lfs'))
    refuse('a Git LFS pointer', 'Fetch the file itself with git lfs pull');
  if (/^\s*(<!DOCTYPE|<html|<\?xml)/i.test(text)) refuse('a web page', 'Download the file itself');
  if (text.startsWith('PK\x03\x04'))
    refuse('a zip archive (a PyTorch checkpoint is one)', 'Unpack it, or export the model to ONNX');
  if (text.startsWith('\x1f\x8b')) refuse('a gzip archive', 'Unpack it first');
  if (text.startsWith('\x89HDF')) refuse('an HDF5 file (Keras)', 'Export the model to ONNX');
  if (text.startsWith('GGUF')) refuse('a GGUF model', 'Export the model to ONNX');
  if (text.slice(4, 8) === 'TFL3') refuse('a TensorFlow Lite model', 'Convert the model to ONNX');
  if (text.slice(4, 8) === 'ORTM') refuse('a model in the ORT format', 'Give the .onnx file it was made from');
  if (text.slice(8, 10) === '{"') refuse('a safetensors file', 'Export the model to ONNX');
  if (head[0] === 0x80 && head[1] !== undefined && head[1] >= 2 && head[1] <= 5)
    refuse('a Python pickle (an old PyTorch checkpoint is one)', 'Export the model to ONNX');
  if (isText(head)) refuse(/^\s*[{[]/.test(text) ? 'a JSON file' : 'a text file');
}

/** True for UTF-8 without control characters; a character may be cut at the end. */
function isText(head: Uint8Array): boolean {
  if (head.some((byte) => byte < 32 && byte !== 9 && byte !== 10 && byte !== 13)) return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return true;
  } catch {
    return false;
  }
}

function decode<T extends Message>(name: string, bytes: Uint8Array, place: string, depth = 0): T {
  try {
    return decodeMessage<T>(name, bytes, depth);
  } catch (error) {
    const { message } = error as Error;
    if (message === TOO_DEEP) throw tooDeep(place);
    throw new ModelError(place, `an ONNX ${name}`, `bytes that do not decode (${message})`, NOT_ONNX);
  }
}

/** Opens every external file that the model names, once, before anything reads from it. */
async function withExternalFiles(
  locations: Iterable<string>,
  main: ByteSource,
  folder: string | undefined,
  options: ReadOptions,
): Promise<TensorSources> {
  const files = new Map<string, ByteSource | ModelError>();
  for (const location of locations) {
    try {
      const atHand = under(options.data ?? {}, location);
      files.set(location, await (atHand ? sourceOf(atHand) : openExternal(location, folder, options)));
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      files.set(location, error);
    }
  }
  return {
    main,
    budget: new Budget(options.budget),
    external(location, place) {
      const file = files.get(location);
      if (file === undefined) throw new ModelError(place, 'its external data', `"${location}", which was not opened`);
      if (file instanceof ModelError) throw new ModelError(place, file.expected, file.found, file.remedy);
      return file;
    },
  };
}

const sourceOf = async (given: Uint8Array | Blob): Promise<ByteSource> =>
  given instanceof Uint8Array ? memorySource(given) : blobSource(given);

/** The `location` of every external tensor, wherever it stands in the message. */
function externalLocations(message: object): ReadonlySet<string> {
  const locations = new Set<string>();
  const visit = (item: unknown): void => {
    if (item === null || typeof item !== 'object' || ArrayBuffer.isView(item)) return;
    if (Array.isArray(item)) {
      if (typeof item[0] === 'object') item.forEach(visit);
      return;
    }
    const { externalData, dataLocation } = item as TensorMessage;
    if (dataLocation === 1)
      for (const { key, value } of externalData ?? []) if (key === 'location' && value) locations.add(value);
    for (const inner of Object.values(item)) visit(inner);
  };
  visit(message);
  return locations;
}
