/** The digest of a file's content. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** Bytes of one read. */
const BLOCK = 1 << 20;

/** SHA-256 in hexadecimal, and the bytes that it is of; the file is read in blocks. */
export async function fileDigest(
  path: string,
  signal?: AbortSignal,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: BLOCK, signal })) {
    bytes += (chunk as Uint8Array).length;
    hash.update(chunk as Uint8Array);
  }
  return { bytes, sha256: hash.digest('hex') };
}
