/** Long vectors as short ones, with about the same norms and angles: errors at outputs are kept so, and added up later. */

const LENGTH = 256;

/**
 * Each number is added, or subtracted, at one of so many places, which a hash of its index tells: the scalar product of two vectors of norm 1 is off by about
 * 1/√256. Short vectors are kept as they are.
 */
export function sketchOf(count: number, at: (index: number) => number): Float64Array {
  const sketch = new Float64Array(Math.min(count, LENGTH));
  for (let i = 0; i < count; i++) {
    const hash = count <= LENGTH ? 0 : hashed(i);
    const place = count <= LENGTH ? i : hash % LENGTH;
    sketch[place] = (sketch[place] as number) + (hash & 0x10000 ? -at(i) : at(i));
  }
  return sketch;
}

/** 32 bits of an index that look like chance (the finalizer of MurmurHash3). */
function hashed(index: number): number {
  let hash = index + 1;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
