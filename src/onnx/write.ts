/** Writes an ONNX model. Weights stream from where they are to where they go; a model appears whole, with its data, or not at all. */

import { z } from 'zod';
import type { DraftedFile, FileSet, ReadingFile, TextFile, WrittenSet } from '../disk/write-set.js';
import type { Model } from '../ir/model.js';
import { abortSignal, bytesOfFile, fileName, optionsIn, truth } from '../ir/options/options.js';
import { storedTensors } from '../ir/tensors/constants.js';
import { CHUNK, type PiecePlace, type Tensor } from '../ir/tensors/tensor.js';
import { ModelError } from '../ir/text/errors.js';
import { UsageError } from '../ir/text/usage-error.js';
import type { CarriedModel } from './carried.js';
import { TOO_DEEP } from './codec/message.js';
import { encodePieces, type Pieces } from './codec/pieces.js';
import { inFirstUse } from './first-use.js';
import type { ModelMessage } from './proto/messages.js';
import { type Payload, rangePayload, tooDeep } from './proto/wire.js';
import { type DataFileLayout, endOf, type LentPlace, TensorPlacer } from './tensor-writer.js';
import { writeToDisk } from './to-disk.js';
import { toMessage } from './to-proto.js';

/** Where weights are written, and what may be overwritten. */
export interface WriteOptions {
  /** Puts the weights into a file beside the model, which is named after its content. By itself only where one file would pass 2 GiB. */
  readonly externalData?: boolean;
  /** The name of that file, as a loader expects it, e.g. `model.onnx_data`; with more than one the others end in `_1`, `_2` … */
  readonly dataName?: string;
  /** The most bytes of one data file, unless one tensor has more: beyond them there are several. Implies external data, as does `dataName`. */
  readonly shard?: number;
  /** Ends the writing early: the promise rejects with the signal's reason, and nothing is left. */
  readonly signal?: AbortSignal;
}

export const writeOptions = z.object({
  externalData: truth,
  dataName: fileName,
  shard: bytesOfFile,
  signal: abortSignal,
});

/** What was written. */
export interface WrittenFiles {
  /** Paths: the model, then its data files. */
  readonly files: readonly string[];
  /** Bytes of all of them. */
  readonly bytes: number;
}

/** The largest message that protobuf decoders accept. */
const LARGEST = 2 ** 31 - 1;

/** The model as bytes. Throws ModelError beyond 2 GiB: write that to a path. */
export function writeModel(model: Model): Promise<Uint8Array>;
/**
 * Writes the model to a path. The same model and options give the same bytes and names. Whatever happens, the path holds the old model or the new one,
 * each with its own data file: `out.onnx.<digest of its content>.data`. Throws ModelError where it cannot be written, UsageError for an
 * unknown option.
 */
export function writeModel(model: Model, path: string, options?: WriteOptions): Promise<WrittenFiles>;
export async function writeModel(
  model: Model,
  path?: string,
  options: WriteOptions = {},
): Promise<Uint8Array | WrittenFiles> {
  const checked = optionsIn(writeOptions, options, 'writeModel');
  if (path === undefined) return join(wholeOf(model));
  const { files, bytes } = await writeModelSet(model, path, checked);
  return { files, bytes };
}

interface WriteProgress {
  readonly onBytes?: (share: number) => void;
}

interface LentTensors {
  /** Tensors that another model's data file holds, beside the path. Implies external data. */
  readonly lent?: ReadonlyMap<Tensor, LentPlace>;
}

type ModelSetOptions = WriteOptions & Pick<FileSet, 'permit' | 'along'> & WriteProgress & LentTensors;

/** Writes the model, and files that describe it or go with it: they appear with it. `drafted` is the model where it was written ahead. */
export async function writeModelSet(
  model: Model,
  path: string,
  options: ModelSetOptions,
  beside?: FileSet['beside'],
  drafted?: DraftedFile,
): Promise<WrittenSet> {
  const { signal, permit, along } = options;
  signal?.throwIfAborted();
  const file = drafted ? { path, content: () => [] } : modelFile(model, path, options);
  return writeToDisk({ ...file, along, beside, permit, signal }, drafted);
}

/** The model as a file of a set, with its data. Throws UsageError where a data file would have the name of the model. */
export function modelFile(
  model: Model,
  path: string,
  options: Omit<WriteOptions, 'signal'> & WriteProgress & LentTensors = {},
): ReadingFile {
  const { dataName: name, shard: largest = Number.MAX_SAFE_INTEGER, onBytes } = options;
  const { externalData = name !== undefined || options.shard !== undefined || options.lent !== undefined } = options;
  // Whether one file is enough is known only once it is laid out; beyond the limit, payloads alone tell.
  const single = !externalData && tensorBytes(model) < LARGEST ? wholeOf(model) : undefined;
  if (single && single.length <= LARGEST)
    return { path, content: (_, place) => told(streamOf(single, place), single.length, onBytes) };
  const layout = toLayout(model, largest, options.lent);
  const { dataFiles } = layout.placer;
  const total = dataFiles.reduce((sum, file) => sum + endOf(file), 0);
  let before = 0;
  return {
    path,
    data: dataFiles.map((file, i) => {
      const start = before;
      before += endOf(file);
      const given = name !== undefined && i > 0 ? `${name}_${i}` : name;
      if (given !== undefined && given === path.replace(/^.*[\\/]/, ''))
        throw new UsageError(
          `dataName (--data-name): expected another name than the model's; found "${name}", which makes "${given}" the name of both`,
        );
      return {
        content: (place) => told(dataOf(file, place), total, onBytes, start),
        ...(given !== undefined && { name: given }),
      };
    }),
    content(names, place) {
      for (const [i, { locations }] of dataFiles.entries())
        for (const location of locations) location.value = names[i] as string;
      const content = encoded(layout);
      if (content.length > LARGEST)
        throw new ModelError(path, 'at most 2 GiB beside the external data', `${content.length} bytes`);
      return streamOf(content, place);
    },
  };
}

/** A model and where it goes. */
export interface PlacedModel {
  readonly model: Model;
  readonly path: string;
}

/**
 * Writes models of one folder that read one data file: what several of them hold is in it once. They appear together, the last one last, with files that
 * describe them.
 */
export async function writeSharing(models: readonly PlacedModel[], others: readonly TextFile[]): Promise<WrittenSet> {
  const placer = new TensorPlacer(Number.MAX_SAFE_INTEGER);
  const layouts = models.map(({ model }): FileLayout => ({ message: toMessage(model, placer), placer }));
  placer.place(models.flatMap(({ model }) => [...inFirstUse(model)]));
  const { dataFiles } = placer;
  const own = layouts.at(-1) as FileLayout;
  return writeToDisk({
    path: (models.at(-1) as PlacedModel).path,
    data: dataFiles.map((file) => ({ content: (place) => dataOf(file, place) })),
    content(names, place) {
      for (const [i, { locations }] of dataFiles.entries())
        for (const location of locations) location.value = names[i] as string;
      return streamOf(encoded(own), place);
    },
    beside: () => [
      ...layouts.slice(0, -1).map((layout, i) => ({
        path: (models[i] as PlacedModel).path,
        bytes: join(encoded(layout)),
      })),
      ...others,
    ],
  });
}

/** Bytes of a file, and the payloads that are read or computed while it is written. */
type FileContent = Pieces<Payload>;

interface FileLayout {
  readonly message: ModelMessage;
  readonly placer: TensorPlacer;
}

function toLayout(model: Model, largestDataFile = 0, lent?: ReadonlyMap<Tensor, LentPlace>): FileLayout {
  const placer = new TensorPlacer(largestDataFile, lent);
  const message = toMessage(model, placer);
  // A session can be fed while the rest of the data downloads.
  if (largestDataFile > 0) placer.place(inFirstUse(model));
  return { message, placer };
}

function encoded({ message, placer }: FileLayout): FileContent {
  try {
    return encodePieces('ModelProto', message, placer.payloads);
  } catch (error) {
    throw (error as Error).message === TOO_DEEP ? tooDeep('model') : error;
  }
}

/** Bytes of the file, or of the two files, that a model would be written to. */
export const fileBytes = (model: Model): number => wholeOf(model).length;

/** The model in one file: if nobody has edited it the file it was read from, whatever way its bytes were encoded. */
function wholeOf(model: Model): FileContent {
  const { source } = (model.carried ?? {}) as Partial<CarriedModel>;
  if (!source || !model.isAsRead) return encoded(toLayout(model));
  return { length: source.size, pieces: [rangePayload(source, 0, source.size)] };
}

/** Bytes of every constant and default, in every scope. */
function tensorBytes(model: Model): number {
  let bytes = 0;
  for (const graph of model.graphs()) for (const { byteLength } of storedTensors(graph)) bytes += byteLength;
  return bytes;
}

function join(content: FileContent): Uint8Array {
  if (content.length > LARGEST)
    throw new ModelError(
      'model',
      'at most 2 GiB in one message',
      `${content.length} bytes`,
      'Write it to a path, with external data',
    );
  const bytes = new Uint8Array(content.length);
  let at = 0;
  for (const chunk of streamOf(content)) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function* streamOf(content: FileContent, place = placeOf(content.length)): Iterable<Uint8Array> {
  for (const piece of content.pieces) {
    if (piece instanceof Uint8Array) {
      yield piece;
      continue;
    }
    let length = 0;
    for (const chunk of piece.chunks(place)) {
      length += chunk.length;
      yield chunk;
    }
    mustBe(length, piece.length);
  }
}

/** One array for all pieces. */
function placeOf(length: number): PiecePlace {
  const scratch = new Uint8Array(Math.min(CHUNK, length));
  return () => scratch;
}

/** Throws where a payload is not as long as it said. */
function mustBe(length: number, expected: number): void {
  if (length !== expected) throw new Error(`write: a tensor gave ${length} bytes; its type says ${expected}`);
}

/** The chunks; `onBytes` hears after each which share of `total` bytes they are, with `start` bytes before them. */
function* told(
  chunks: Iterable<Uint8Array>,
  total: number,
  onBytes?: (share: number) => void,
  start = 0,
): Iterable<Uint8Array> {
  let bytes = start;
  for (const chunk of chunks) {
    yield chunk;
    bytes += chunk.length;
    onBytes?.(bytes / total);
  }
}

function* dataOf({ externals }: DataFileLayout, place = placeOf(CHUNK)): Iterable<Uint8Array> {
  let at = 0;
  for (const { offset, tensor } of externals) {
    if (offset > at) yield new Uint8Array(offset - at);
    at = offset;
    for (const chunk of tensor.chunks(place)) {
      at += chunk.length;
      yield chunk;
    }
    mustBe(at - offset, tensor.byteLength);
  }
}
