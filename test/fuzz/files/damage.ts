/** Damage to bytes that knows the wire format: cuts, flips, overlong varints, wrong wire types, invalid text, huge lengths. */
import { concat, field, varint } from '../../onnx/bytes.js';
import type { Dice } from './dice.js';

/** One damage. */
export function damage(bytes: Uint8Array, random: Dice): Uint8Array {
  if (bytes.length === 0) return bytes;
  const at = random.below(bytes.length);
  const length = 1 + random.below(40);
  const copy = bytes.slice();
  const put = (inserted: Uint8Array | readonly number[], instead = 0): Uint8Array =>
    concat(copy.subarray(0, at), inserted, copy.subarray(at + instead));
  switch (random.below(10)) {
    case 0:
      for (let flips = random.below(4); flips >= 0; flips--) {
        const bit = random.below(copy.length * 8);
        copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
      }
      return copy;
    case 1:
      return copy.subarray(0, at);
    case 2:
      copy.set(bytes.subarray(at, at + length), random.below(Math.max(1, bytes.length - length)));
      return copy;
    case 3:
      return put([], length);
    case 4:
      copy[at] = random.of([0, 1, 0x7f, 0x80, 0xff]) as number;
      return copy;
    case 5:
      return put(field(1 + random.below(30), copy.subarray(at, at + length)));
    // A varint longer than it needs to be, or than any may be.
    case 6:
      return put([...new Array<number>(1 + random.below(11)).fill(0x80), random.below(128)], 1);
    // A field of another wire type, groups among them.
    case 7:
      return put([(1 + random.below(15)) * 8 + random.below(8)], 1);
    case 8:
      return put(
        random.of([
          [0xff, 0xfe],
          [0xc0, 0x80],
          [0xed, 0xa0, 0x80],
          [0xf5, 0x80],
        ]) as number[],
        1,
      );
    default:
      return put(varint(random.of([2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53, (1n << 64n) - 1n]) as number | bigint), 1);
  }
}
