/** Files of models, opened by path. A browser, which has none, builds `src/browser/files.ts` in its place. */

import type { ByteSource } from '../ir/tensors/tensor.js';
import { ModelError } from '../ir/text/errors.js';
import { UsageError } from '../ir/text/usage-error.js';
import type { ReadOptions } from './read-options.js';

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

/** Opens a model's own file, and says where its data lies. Throws UsageError for a URL of something else than a file. */
export async function openModel(
  source: string | URL,
): Promise<{ readonly main: ByteSource; readonly place: string; readonly folder: string }> {
  if (source instanceof URL && source.protocol !== 'file:')
    throw new UsageError(
      `readModel: expected the URL of a file; found ${source.protocol} Fetch it, and give the bytes`,
    );
  const path = source instanceof URL ? (await import('node:url')).fileURLToPath(source) : source;
  try {
    return { main: await openFile(path), place: path, folder: (await import('node:path')).dirname(path) };
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

/** Throws ModelError unless the file lies inside the folder, links resolved. */
export async function openExternal(
  location: string,
  folder: string | undefined,
  { allowOutsideData: allowOutside = false, onFile }: ReadOptions,
): Promise<ByteSource> {
  if (folder === undefined)
    throw new ModelError(
      'external data',
      'a folder to find it in',
      `"${location}" of a model given as bytes`,
      'Read the model by its path, or give the bytes as data',
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
