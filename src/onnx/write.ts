/** Writes an ONNX model. Weights stream from where they are to where they go; the file appears whole or not at all. */
import { storedTensors } from '../ir/constants.js';
import { ModelError } from '../ir/errors.js';
import type { Model } from '../ir/model.js';
import { encodeMessage } from './messages.js';
import { type ExternalTensor, TensorPlacer } from './tensor-writer.js';
import { toMessage } from './to-proto.js';
import { type Expansion, expand, type Payload } from './wire.js';

export interface WriteOptions {
  /** Puts the weights into `<name>.data` beside the model. By itself only where one file would pass 2 GiB. */
  readonly externalData?: boolean;
}

/** What was written. */
export interface WrittenFiles {
  /** Paths: the model, and its data file if it has one. */
  readonly files: readonly string[];
  /** Bytes of all of them. */
  readonly bytes: number;
}

/** Where the weights of a model at a path go, if they get a file of their own. */
export const dataPathOf = (path: string): string => `${path}.data`;

/** The largest message that protobuf decoders accept. */
const LARGEST = 2 ** 31 - 1;

/** The model as bytes. Throws ModelError beyond 2 GiB: write that to a path. */
export function writeModel(model: Model): Promise<Uint8Array>;
/** Writes the model to a path. The same model and options give the same bytes. */
export function writeModel(model: Model, path: string, options?: WriteOptions): Promise<WrittenFiles>;
export async function writeModel(
  model: Model,
  path?: string,
  options: WriteOptions = {},
): Promise<Uint8Array | WrittenFiles> {
  if (path === undefined) return join(layOut(model));
  const { basename } = await import('node:path');
  const location = basename(dataPathOf(path));
  if (options.externalData) return writeFiles(path, location, layOut(model, location));
  // Whether one file is enough is known only once it is laid out; beyond the limit, payloads alone tell.
  const single = tensorBytes(model) < LARGEST ? layOut(model) : undefined;
  return single && single.expansion.length <= LARGEST
    ? writeFiles(path, location, single)
    : writeFiles(path, location, layOut(model, location));
}

interface Layout {
  readonly expansion: Expansion;
  readonly externals: readonly ExternalTensor[];
  readonly externalBytes: number;
}

function layOut(model: Model, location?: string): Layout {
  const placer = new TensorPlacer(location);
  const skeleton = encodeMessage('ModelProto', toMessage(model, placer));
  const { externals, externalBytes } = placer;
  return { expansion: expand(skeleton, placer.payloads), externals, externalBytes };
}

/** Bytes of every constant and default, in every scope. */
function tensorBytes(model: Model): number {
  let bytes = 0;
  for (const graph of model.graphs()) for (const { byteLength } of storedTensors(graph)) bytes += byteLength;
  return bytes;
}

function join({ expansion }: Layout): Uint8Array {
  if (expansion.length > LARGEST)
    throw new ModelError(
      'model',
      'at most 2 GiB in one message',
      `${expansion.length} bytes`,
      'Write it to a path, with external data',
    );
  const bytes = new Uint8Array(expansion.length);
  let at = 0;
  for (const chunk of streamOf(expansion)) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function* streamOf(expansion: Expansion): Iterable<Uint8Array> {
  for (const piece of expansion.pieces) {
    if (piece instanceof Uint8Array) yield piece;
    else yield* whole(piece, piece.length);
  }
}

/** The chunks of a payload, which must be as long as it said. */
function* whole(payload: Pick<Payload, 'chunks'>, expected: number): Iterable<Uint8Array> {
  let length = 0;
  for (const chunk of payload.chunks()) {
    length += chunk.length;
    yield chunk;
  }
  if (length !== expected) throw new Error(`write: a tensor gave ${length} bytes; its type says ${expected}`);
}

function* dataOf(externals: readonly ExternalTensor[]): Iterable<Uint8Array> {
  let at = 0;
  for (const { offset, tensor } of externals) {
    if (offset > at) yield new Uint8Array(offset - at);
    yield* whole(tensor, tensor.byteLength);
    at = offset + tensor.byteLength;
  }
}

/** Both files are complete under temporary names before either gets its own; the data file first, as the model needs it. */
async function writeFiles(path: string, location: string, layout: Layout): Promise<WrittenFiles> {
  const { dirname, join: joinPath } = await import('node:path');
  const fs = await import('node:fs');
  const { expansion, externals, externalBytes } = layout;
  if (expansion.length > LARGEST)
    throw new ModelError(path, 'at most 2 GiB beside the external data', `${expansion.length} bytes`);
  const jobs = [{ path, content: streamOf(expansion) }];
  if (externals.length) jobs.unshift({ path: joinPath(dirname(path), location), content: dataOf(externals) });
  const temporary = (target: string): string => `${target}.${process.pid}.tmp`;
  try {
    // Before the data file gets its name: renaming the model onto a folder would fail after that.
    for (const job of jobs) refuseSpecialFile(fs, job.path);
    for (const job of jobs) writeFile(fs, temporary(job.path), job.content);
    for (const job of jobs) fs.renameSync(temporary(job.path), job.path);
  } catch (error) {
    for (const job of jobs) if (fs.existsSync(temporary(job.path))) fs.rmSync(temporary(job.path));
    const code = (error as { code?: string }).code;
    if (code === 'ENOENT') throw new ModelError(path, 'a folder to write into', 'none', 'Make it first');
    if (code === 'ENOTDIR') throw new ModelError(path, 'a folder to write into', 'a file on the way to it');
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
      throw new ModelError(path, 'a folder that may be written', 'no permission');
    if (code === 'ENOSPC')
      throw new ModelError(path, `room for ${expansion.length + externalBytes} bytes`, 'a full disk');
    throw error;
  }
  return { files: jobs.map((job) => job.path).reverse(), bytes: expansion.length + externalBytes };
}

/** A rename would put a file in the place of a device, a pipe or a link; a folder would stop it halfway. */
function refuseSpecialFile(fs: typeof import('node:fs'), path: string): void {
  const found = fs.lstatSync(path, { throwIfNoEntry: false });
  if (!found || found.isFile()) return;
  const kind = found.isDirectory() ? 'a folder' : found.isSymbolicLink() ? 'a link' : 'a device or a pipe';
  throw new ModelError(path, 'a path for a file', kind);
}

/** Bytes collected before a write: small pieces are many. */
const BUFFER = 1 << 20;

function writeFile(fs: typeof import('node:fs'), path: string, content: Iterable<Uint8Array>): void {
  const descriptor = fs.openSync(path, 'w');
  try {
    const put = (bytes: Uint8Array): void => {
      for (let done = 0; done < bytes.length; ) done += fs.writeSync(descriptor, bytes, done);
    };
    const buffer = new Uint8Array(BUFFER);
    let used = 0;
    for (const chunk of content) {
      if (used + chunk.length > BUFFER) {
        put(buffer.subarray(0, used));
        used = 0;
      }
      if (chunk.length >= BUFFER) put(chunk);
      else {
        buffer.set(chunk, used);
        used += chunk.length;
      }
    }
    put(buffer.subarray(0, used));
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}
