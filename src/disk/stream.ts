/** Bytes into a file, with a digest of them. */
import type { Hash } from 'node:crypto';
import fs from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { alignedBytes } from '../ir/tensors/aligned-bytes.js';
import type { PiecePlace } from '../ir/tensors/tensor.js';
import { attempt, faultOf } from './fault.js';

/**
 * Bytes of a write. They are read or computed, digested and written while they are in the cache of one processor; each write begins at a multiple of them in the
 * file, because the system takes whole pages in two thirds of the time.
 */
const BLOCK = 1 << 19;

/** Bytes after which whoever waits for other things, or would end the writing, has a turn. */
const TURN = 8 * BLOCK;

/** Blocks that nobody uses now. */
const blocks: Uint8Array<ArrayBuffer>[] = [];

/**
 * Writes all, has the disk keep it, and gives the number of bytes. `path` is what errors name. A piece may be overwritten by the one behind it; where it is read
 * into the place that is given, it is not copied.
 */
export async function stream(
  path: string,
  descriptor: number,
  content: (place: PiecePlace) => Iterable<Uint8Array>,
  digest?: Hash,
): Promise<number> {
  const block = blocks.pop() ?? alignedBytes(BLOCK);
  let [length, used] = [0, 0];
  const put = (): void => {
    const bytes = block.subarray(0, used);
    digest?.update(bytes);
    attempt(path, () => write(descriptor, bytes));
    length += used;
    used = 0;
  };
  for (const piece of content(() => block.subarray(used)))
    for (let from = 0; from < piece.length; ) {
      const count = Math.min(piece.length - from, BLOCK - used);
      if (piece.buffer !== block.buffer) block.set(piece.subarray(from, from + count), used);
      from += count;
      used += count;
      if (used < BLOCK) continue;
      put();
      if (length % TURN === 0) await setImmediate();
    }
  put();
  blocks.push(block);
  await promisify(fs.fsync)(descriptor).catch((error) => {
    // Node's permission model (`--permission`) lets nobody ask for this: the disk then keeps the bytes when the system has it do so.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_ACCESS_DENIED') throw faultOf(path, error);
  });
  return length;
}

function write(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    const count = fs.writeSync(descriptor, bytes, done);
    if (count === 0) throw Object.assign(new Error('nothing written'), { code: 'ENOSPC' });
    done += count;
  }
}
