/** Packs tensors into one run of bytes, and unpacks them: a header in JSON, then the numbers, each aligned for any element type. */
import type { TensorData, Tensors } from '../protocol.js';

interface PackedTensor extends Omit<TensorData, 'data'> {
  readonly name: string;
  /** Text stands in the header; of numbers their place. */
  readonly strings?: readonly string[];
  readonly offset: number;
  readonly bytes: number;
}

const ALIGNED = 8;
const aligned = (offset: number): number => Math.ceil(offset / ALIGNED) * ALIGNED;

export function packed(tensors: Tensors): Uint8Array<ArrayBuffer> {
  const entries: PackedTensor[] = [];
  let end = 0;
  for (const [name, { type, shape, data }] of Object.entries(tensors)) {
    const isText = !(data instanceof Uint8Array);
    const offset = aligned(end);
    end = isText ? end : offset + data.byteLength;
    entries.push({ name, type, shape, offset, bytes: isText ? 0 : data.byteLength, ...(isText && { strings: data }) });
  }
  const header = new TextEncoder().encode(JSON.stringify(entries));
  const start = aligned(ALIGNED + header.length);
  const all = new Uint8Array(start + end);
  new DataView(all.buffer).setUint32(0, header.length);
  all.set(header, ALIGNED);
  for (const { name, offset } of entries) {
    const { data } = tensors[name]!;
    if (data instanceof Uint8Array) all.set(data, start + offset);
  }
  return all;
}

/** The tensors are views of the bytes, which begin at the start of a buffer. */
export function unpacked(all: Uint8Array): Record<string, TensorData> {
  const length = new DataView(all.buffer, all.byteOffset).getUint32(0);
  const entries: PackedTensor[] = JSON.parse(new TextDecoder().decode(all.subarray(ALIGNED, ALIGNED + length)));
  const start = aligned(ALIGNED + length);
  return Object.fromEntries(
    entries.map(({ name, type, shape, strings, offset, bytes }) => [
      name,
      { type, shape, data: strings ?? all.subarray(start + offset, start + offset + bytes) },
    ]),
  );
}
