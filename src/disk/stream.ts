/** Bytes into a file, with a digest of them: one is made while the system takes the other. */
import type { Hash } from 'node:crypto';
import fs from 'node:fs';
import { promisify } from 'node:util';
import { faultOf } from './fault.js';

/** Bytes collected before a write: small pieces are many. */
const BUFFER = 1 << 20;

/** Writes all, has the disk keep it, and gives the number of bytes. A chunk may be overwritten by the one behind it. `path` is what errors name. */
export async function stream(
  path: string,
  descriptor: number,
  content: Iterable<Uint8Array>,
  digest?: Hash,
): Promise<number> {
  let length = 0;
  const refused = (error: unknown): never => {
    throw faultOf(path, error);
  };
  const put = async (bytes: Uint8Array): Promise<void> => {
    const writing = write(descriptor, bytes).catch(refused);
    digest?.update(bytes);
    length += bytes.length;
    await writing;
  };
  const buffer = new Uint8Array(BUFFER);
  let used = 0;
  for (const chunk of content) {
    if (used + chunk.length > BUFFER) {
      await put(buffer.subarray(0, used));
      used = 0;
    }
    if (chunk.length >= BUFFER) await put(chunk);
    else {
      buffer.set(chunk, used);
      used += chunk.length;
    }
  }
  await put(buffer.subarray(0, used));
  await promisify(fs.fsync)(descriptor).catch((error) => {
    // Node's permission model (`--permission`) lets nobody ask for this: the disk then keeps the bytes when the system has it do so.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_ACCESS_DENIED') refused(error);
  });
  return length;
}

async function write(descriptor: number, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await promisify(fs.write)(descriptor, bytes, done);
    if (bytesWritten === 0) throw Object.assign(new Error('nothing written'), { code: 'ENOSPC' });
    done += bytesWritten;
  }
}
