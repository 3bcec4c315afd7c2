/** Files as numpy writes them. */
import { deflateRawSync } from 'node:zlib';

/** An array file, version 1. */
export function npy(descr: string, shape: readonly number[], elements: Uint8Array, isFortran = false): Uint8Array {
  const dims = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${descr}', 'fortran_order': ${isFortran ? 'True' : 'False'}, 'shape': (${dims}), }`;
  const header = new TextEncoder().encode(`${text.padEnd(64 * Math.ceil((text.length + 11) / 64) - 11)}\n`);
  const start = [0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, header.length & 0xff, header.length >> 8];
  return Uint8Array.of(...start, ...header, ...elements);
}

/** A zip archive of these files; where they are deflated each has its sizes behind it, as archives that are streamed do. */
export function zip(files: Readonly<Record<string, Uint8Array>>, isDeflated: boolean): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  const sizeOf = (list: readonly Uint8Array[]) => list.reduce((sum, { length }) => sum + length, 0);
  const words = (...list: readonly [bytes: 2 | 4, value: number][]) => {
    const view = new DataView(new ArrayBuffer(list.reduce((sum, [bytes]) => sum + bytes, 0)));
    let at = 0;
    for (const [bytes, value] of list) {
      if (bytes === 2) view.setUint16(at, value, true);
      else view.setUint32(at, value, true);
      at += bytes;
    }
    return new Uint8Array(view.buffer);
  };
  for (const [name, content] of Object.entries(files)) {
    const packed = isDeflated ? new Uint8Array(deflateRawSync(content)) : content;
    const bytes = new TextEncoder().encode(name);
    const [flags, method] = isDeflated ? [8, 8] : [0, 0];
    const local = sizeOf(parts);
    const early: [4, number][] = isDeflated
      ? [
          [4, 0],
          [4, 0],
        ]
      : [
          [4, packed.length],
          [4, content.length],
        ];
    parts.push(
      words([4, 0x04034b50], [2, 20], [2, flags], [2, method], [4, 0], [4, 0], ...early, [2, bytes.length], [2, 4]),
      bytes,
      // An extra field here that the directory lacks, as numpy has it.
      words([2, 0xcafe], [2, 0]),
      packed,
      ...(isDeflated ? [words([4, 0x08074b50], [4, 0], [4, packed.length], [4, content.length])] : []),
    );
    const sizes: [4, number][] = [
      [4, packed.length],
      [4, content.length],
    ];
    directory.push(
      words([4, 0x02014b50], [2, 20], [2, 20], [2, flags], [2, method], [4, 0], [4, 0], ...sizes),
      words([2, bytes.length], [2, 0], [2, 0], [2, 0], [2, 0], [4, 0], [4, local]),
      bytes,
    );
  }
  const [start, count] = [sizeOf(parts), Object.keys(files).length];
  const end = words(
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, count],
    [2, count],
    [4, sizeOf(directory)],
    [4, start],
    [2, 0],
  );
  return Uint8Array.from(Buffer.concat([...parts, ...directory, end]));
}
