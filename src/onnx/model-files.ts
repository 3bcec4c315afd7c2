/** A model as files in memory, for programs that have no disk: to download, to upload, or to hand to a runtime. */

import type { Model } from '../ir/model.js';
import { fileName, optionsIn } from '../ir/options/options.js';
import { UsageError } from '../ir/text/usage-error.js';
import { modelFile, type WriteOptions, writeOptions } from './write.js';

/** A file of a model, for whoever has no file system: the model itself, or data that it names. */
export interface ModelFile {
  readonly name: string;
  readonly blob: Blob;
}

/** Bytes that are collected before they become a part of a blob: a browser may then keep the part on its disk. */
const PART = 16 * 2 ** 20;

/**
 * The files of a model: the model itself under this name, then its data files, `<name>.data` unless `dataName` says otherwise. Throws ModelError where it
 * cannot be written, UsageError for a name that is a path and for an unknown option.
 */
export async function modelFiles(
  model: Model,
  name: string,
  options: Omit<WriteOptions, 'signal'> = {},
): Promise<ModelFile[]> {
  const checked = optionsIn(writeOptions.omit({ signal: true }), options, 'modelFiles');
  if (!fileName.safeParse(name).success)
    throw new UsageError(`modelFiles: expected the name of a file, e.g. model.onnx; found "${name}"`);
  const { data = [], content } = modelFile(model, name, checked);
  const files = data.map((file, i) => ({
    name: file.name ?? `${name}.data${i > 0 ? `_${i}` : ''}`,
    blob: blobOf(file.content()),
  }));
  return [{ name, blob: blobOf(content(files.map((file) => file.name))) }, ...files];
}

function blobOf(chunks: Iterable<Uint8Array>): Blob {
  const parts: Blob[] = [];
  let [held, bytes]: [Uint8Array<ArrayBuffer>[], number] = [[], 0];
  const flush = (): void => {
    parts.push(new Blob(held));
    [held, bytes] = [[], 0];
  };
  for (const chunk of chunks) {
    // A chunk is valid until the next is asked for.
    held.push(chunk.slice());
    bytes += chunk.length;
    if (bytes >= PART) flush();
  }
  flush();
  return new Blob(parts, { type: 'application/octet-stream' });
}
