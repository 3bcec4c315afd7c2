/** Whether tensors hold the same, bit for bit. Weights are told apart by a hash of their beginning first: little to read. */
import type { Tensor } from './tensor.js';

export const isSameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && !differ(a, b, a.length);

/** Tensors up to this many bytes are read whole. */
const SMALL = 4096;

export const isSameShape = ({ shape: a }: Tensor, { shape: b }: Tensor): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis]);

/** Equal in type, shape and every number; ends at the first difference. Reads both. */
export function isSameTensor(a: Tensor, b: Tensor): boolean {
  if (a === b) return true;
  if (a.type !== b.type || !isSameShape(a, b) || Boolean(a.sparse) !== Boolean(b.sparse)) return false;
  if (a.strings || b.strings)
    return a.strings?.every((one, index) => isSameBytes(one, b.strings?.[index] ?? new Uint8Array(0))) ?? false;
  if (a.byteLength <= SMALL) return isSameBytes(a.bytes(), b.bytes());
  const [left, right] = [a.chunks()[Symbol.iterator](), b.chunks()[Symbol.iterator]()];
  let [x, y] = [new Uint8Array(0), new Uint8Array(0)] as [Uint8Array, Uint8Array];
  for (let remaining = a.byteLength; remaining > 0; ) {
    if (x.length === 0) x = left.next().value ?? x;
    if (y.length === 0) y = right.next().value ?? y;
    const length = Math.min(x.length, y.length);
    if (length === 0 || differ(x, y, length)) return false;
    x = x.subarray(length);
    y = y.subarray(length);
    remaining -= length;
  }
  return true;
}

/** True where the first bytes differ. */
function differ(a: Uint8Array, b: Uint8Array, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return true;
  return false;
}

/** What is read of a weight for its hash, one after another. */
const beginning = new Uint8Array(SMALL);

/** FNV-1a over the first bytes, so many at most; of each string where it holds some. */
export function hashOfBeginning(tensor: Tensor, most: number): number {
  let hash = 0x811c9dc5;
  const mix = (bytes: Uint8Array): void => {
    const length = Math.min(bytes.length, most);
    for (let at = 0; at < length; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  };
  if (tensor.strings) tensor.strings.forEach(mix);
  else
    for (const chunk of tensor.chunks(most <= beginning.length / 4 ? () => beginning : undefined)) {
      mix(chunk);
      break;
    }
  return hash >>> 0;
}
