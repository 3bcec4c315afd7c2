/** Which of some names of data files a model file holds: what it may read from, wherever in the message that stands. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { ModelError } from '../../ir/text/errors.js';
import { collapse, isModel } from '../proto/wire.js';

/** None for a file that is no model; all for one that cannot be read. Weights are passed over. */
export function mentions(path: string, names: readonly string[]): readonly string[] {
  try {
    // A pipe is not waited for.
    const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const text = textOf(descriptor, path);
      if (text.length === 0) return [];
      return names.filter((name) => text.includes(name));
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    return error instanceof ModelError || (error as NodeJS.ErrnoException).code === 'ENOENT' ? [] : names;
  }
}

/** The model without its weights; empty where it is none. */
function textOf(descriptor: number, path: string): Buffer {
  const stat = fstatSync(descriptor);
  const source = {
    size: stat.size,
    read(offset: number, length: number): Uint8Array {
      const bytes = new Uint8Array(length);
      for (let done = 0, count = 1; done < length && count > 0; done += count)
        count = readSync(descriptor, bytes, done, length - done, offset + done);
      return bytes;
    },
  };
  return Buffer.from(stat.isFile() && isModel(source) ? collapse(source, path) : []);
}
