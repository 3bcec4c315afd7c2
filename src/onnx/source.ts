/** Where bytes come from that are at hand: an array, or a blob. `files.ts` has those of files. */

import { type ByteSource, plainBytes } from '../ir/tensors/tensor.js';

/** A source over an array, without copying. */
export function memorySource(array: Uint8Array): ByteSource {
  const bytes = plainBytes(array);
  return { size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) };
}

/** Reads a blob while its caller waits: what a browser's workers have, and nothing else. */
declare const FileReaderSync: (new () => { readAsArrayBuffer(blob: Blob): ArrayBuffer }) | undefined;

/** A source over a blob: in a worker its ranges are read when they are asked for; elsewhere it is read as a whole, as nothing can wait there. */
export async function blobSource(blob: Blob): Promise<ByteSource> {
  if (typeof FileReaderSync === 'undefined') return memorySource(new Uint8Array(await blob.arrayBuffer()));
  const reader = new FileReaderSync();
  return {
    size: blob.size,
    read: (offset, length) => new Uint8Array(reader.readAsArrayBuffer(blob.slice(offset, offset + length))),
  };
}
