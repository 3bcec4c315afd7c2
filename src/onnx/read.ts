/** Reads an ONNX model. Weights stay where they are until something asks for their bytes. */

import { z } from 'zod';
import type { Model } from '../ir/model.js';
import { Budget, type Limits } from '../ir/options/budget.js';
import { called, limits, optionsIn, text, truth } from '../ir/options/options.js';
import { type ByteSource, plainBytes, type Tensor } from '../ir/tensors/tensor.js';
import { ModelError } from '../ir/text/errors.js';
import type { CarriedModel } from './carried.js';
import { fromMessage } from './from-proto.js';
import { decodeMessage, type Message, type ModelMessage, type TensorMessage } from './proto/messages.js';
import { readTensor, type TensorSources } from './proto/tensor-proto.js';
import { collapse, tooDeep } from './proto/wire.js';
import { memorySource, openFile } from './source.js';

export interface ReadOptions {
  /** Lets external data lie outside the model's folder: absolute paths, `..`, links. Off, because a model is not trusted with your files. */
  readonly allowOutsideData?: boolean;
  /** How much work the numbers of the model may ask for, by name; the report says which budget was hit. */
  readonly budget?: Limits;
  /** The folder of the external data of a model given as bytes. */
  readonly folder?: string;
  /** Called with the path of each file that the model is read from: its own, and those of its external data, with their names in the model. */
  readonly onFile?: (path: string, location?: string) => void;
}

const readOptions = z.object({
  allowOutsideData: truth,
  budget: limits,
  folder: text,
  onFile: called<(path: string, location?: string) => void>(),
});

const NOT_ONNX = 'The file is not an ONNX model, or is damaged';

/**
 * Reads a model from a path or from bytes. Throws ModelError, naming the place, what was expected and what was found,
 * where the file is missing, truncated, not ONNX, or not a valid model, and UsageError for an unknown option.
 */
export async function readModel(source: string | Uint8Array, given: ReadOptions = {}): Promise<Model> {
  const options: ReadOptions = optionsIn(readOptions, given, 'readModel');
  const isPath = typeof source === 'string';
  const place = isPath ? source : 'model';
  const main = isPath ? await open(source) : memorySource(source);
  refuseOtherFormats(main, place);
  let folder = options.folder;
  if (isPath) options.onFile?.(source);
  if (isPath) folder ??= (await import('node:path')).dirname(source);
  const skeleton = collapse(main, place);
  const message = decode<ModelMessage>('ModelProto', skeleton, place);
  const locations = externalLocations(message);
  const model = fromMessage(message, await withExternalFiles(locations, main, folder, options), place);
  // Numbers in other files are not found from another folder.
  if (locations.size === 0) (model.carried as CarriedModel).source = main;
  return model;
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

async function open(path: string): Promise<ByteSource> {
  try {
    return await openFile(path);
  } catch (error) {
    throw explain(path, error);
  }
}

/** What the operating system says about a file, as a ModelError. */
function explain(path: string, error: unknown): unknown {
  const { code } = error as { code?: string };
  if (error instanceof ModelError || code === undefined) return error;
  if (code === 'ENOENT') return new ModelError(path, 'a file', 'nothing there');
  if (code === 'EACCES' || code === 'EPERM') return new ModelError(path, 'a file that may be read', 'no permission');
  if (code === 'ERR_INVALID_ARG_VALUE') return new ModelError(JSON.stringify(path), 'a path', 'one with a null byte');
  return new ModelError(path, 'a file that can be read', code);
}

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

function decode<T extends Message>(name: string, bytes: Uint8Array, place: string): T {
  try {
    return decodeMessage<T>(name, bytes);
  } catch (error) {
    const { message } = error as Error;
    if (message === 'max depth exceeded') throw tooDeep(place);
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
      files.set(location, await openExternal(location, folder, options));
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

/** Throws ModelError unless the file lies inside the folder, links resolved. */
async function openExternal(
  location: string,
  folder: string | undefined,
  { allowOutsideData: allowOutside = false, onFile }: ReadOptions,
): Promise<ByteSource> {
  if (folder === undefined)
    throw new ModelError(
      'external data',
      'a folder to find it in',
      `"${location}" of a model given as bytes`,
      'Read the model by its path',
    );
  const path = await import('node:path');
  const fs = await import('node:fs');
  const full = path.resolve(folder, location);
  const within = (root: string, file: string): boolean => {
    const relative = path.relative(root, file);
    return relative !== '' && !/^\.\.($|[\\/])/.test(relative) && !path.isAbsolute(relative);
  };
  const outside = (found: string): ModelError =>
    new ModelError(
      'external data',
      "a file inside the model's folder",
      found,
      'Allow it with --allow-outside-data if you trust the model',
    );
  if (
    !allowOutside &&
    (path.isAbsolute(location) || location.split(/[\\/]/).includes('..') || !within(path.resolve(folder), full))
  )
    throw outside(`"${location}"`);
  try {
    if (!allowOutside && !within(fs.realpathSync(folder), fs.realpathSync(full)))
      throw outside(`a link to "${fs.realpathSync(full)}"`);
    onFile?.(full, location);
    return await openFile(full);
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code === 'ENOENT')
      throw new ModelError(
        'external data',
        `the file "${location}" beside the model`,
        'nothing there',
        'Copy the data file along with the model',
      );
    throw explain(location, error);
  }
}
