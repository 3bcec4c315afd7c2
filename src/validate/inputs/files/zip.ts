/** Reads zip archives as numpy writes them: entries stored or deflated, found through the directory at the end. */
import { inflateRawSync } from 'node:zlib';
import { ModelError } from '../../../ir/text/errors.js';

/** One file in an archive. */
export interface ZipEntry {
  readonly name: string;
  bytes(): Uint8Array;
}

const END = { signature: 0x06054b50, bytes: 22, comment: 65_535 };
const ENTRY = { signature: 0x02014b50, bytes: 46 };
const LOCAL = { signature: 0x04034b50, bytes: 30 };
const ENCRYPTED = 1;

/** The files in an archive, in its order. Throws ModelError for another format, or an archive that cannot be read. */
export function zipEntries(archive: Uint8Array, place: string): ZipEntry[] {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  const whole = 'a whole zip archive';
  let end = archive.length - END.bytes;
  while (end >= 0 && view.getUint32(end, true) !== END.signature)
    end = archive.length - end >= END.bytes + END.comment ? -1 : end - 1;
  if (end < 0) throw new ModelError(place, whole, `${archive.length} bytes without a directory of entries`);
  const entries: ZipEntry[] = [];
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    if (at + ENTRY.bytes > end || view.getUint32(at, true) !== ENTRY.signature)
      throw new ModelError(place, whole, 'a directory that is cut off');
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
    const name = new TextDecoder().decode(archive.subarray(at + ENTRY.bytes, at + ENTRY.bytes + nameLength!));
    const header = {
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      local: view.getUint32(at + 42, true),
    };
    entries.push({ name, bytes: () => entryBytes(archive, view, header, `${place}: ${name}`) });
    at += ENTRY.bytes + nameLength! + extraLength! + commentLength!;
  }
  return entries;
}

interface Header {
  readonly flags: number;
  readonly method: number;
  readonly packed: number;
  readonly size: number;
  readonly local: number;
}

function entryBytes(archive: Uint8Array, view: DataView, header: Header, place: string): Uint8Array {
  const { flags, method, packed, size, local } = header;
  if (flags & ENCRYPTED) throw new ModelError(place, 'an entry that is not encrypted', 'one that is');
  if (method !== 0 && method !== 8)
    throw new ModelError(
      place,
      'an entry that is stored or deflated',
      `method ${method}`,
      'numpy.savez and numpy.savez_compressed write such archives',
    );
  if (local + LOCAL.bytes > archive.length || view.getUint32(local, true) !== LOCAL.signature)
    throw new ModelError(place, 'a whole entry', 'none where the directory says it is');
  const start = local + LOCAL.bytes + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  const bytes = archive.subarray(start, start + packed);
  const unpacked = method === 8 ? inflated(bytes, size, place) : bytes;
  if (bytes.length !== packed || unpacked.length !== size)
    throw new ModelError(place, `${size} bytes`, `${unpacked.length}`);
  return unpacked;
}

function inflated(bytes: Uint8Array, size: number, place: string): Uint8Array {
  try {
    return inflateRawSync(bytes, { maxOutputLength: Math.max(1, size) });
  } catch (error) {
    throw new ModelError(place, 'deflated bytes', (error as Error).message);
  }
}
