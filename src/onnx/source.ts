/** Where bytes come from: an array, or a file that is read by position. */

import { type ByteSource, plainBytes } from '../ir/tensors/tensor.js';
import { ModelError } from '../ir/text/errors.js';

/** A source over an array, without copying. */
export function memorySource(array: Uint8Array): ByteSource {
  const bytes = plainBytes(array);
  return { size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) };
}

/**
 * A source over a regular file: a folder, a pipe or a device is refused (a pipe would block). The file stays open while the source is referenced, so replacing it by another (rename) is safe;
 * writing into it is not, and is noticed: a read then throws ModelError.
 */
export async function openFile(path: string): Promise<ByteSource> {
  const fs = await import('node:fs');
  const stat = fs.statSync(path);
  if (stat.isDirectory()) throw new ModelError(path, 'a file', 'a folder', 'Name the file in it');
  if (!stat.isFile()) throw new ModelError(path, 'a file', 'a pipe or a device', 'Copy its contents to a file');
  const descriptor = fs.openSync(path, 'r');
  const { size, mtimeMs } = fs.fstatSync(descriptor);
  const source: ByteSource = {
    size,
    read(offset, length, scratch) {
      const now = readable(path, () => fs.fstatSync(descriptor));
      if (now.mtimeMs !== mtimeMs || now.size !== size)
        throw new ModelError(path, 'a file that stays as it was when it was opened', 'a changed one', 'Read it again');
      const bytes = scratch ? scratch.subarray(0, length) : new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const count = readable(path, () => fs.readSync(descriptor, bytes, done, length - done, offset + done));
        if (count === 0)
          throw new ModelError(path, `${length} bytes at ${offset}`, `${done}`, 'The file is truncated: copy it again');
        done += count;
      }
      return bytes;
    },
  };
  closers ??= new FinalizationRegistry((open) => fs.closeSync(open));
  closers.register(source, descriptor);
  return source;
}

/** Throws ModelError where the system does not read on: a disk with errors, a network that is gone. */
function readable<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new ModelError(
      path,
      'a file that can be read to its end',
      String((error as { code?: string }).code ?? error),
    );
  }
}

let closers: FinalizationRegistry<number> | undefined;
