/** Bytes of a memory of WebAssembly, which begins at a page. */

/** The part of WebAssembly that is needed: its types come with those of a browser. */
interface Host {
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
}

const PAGE = 1 << 16;

/**
 * So many bytes, zeros, from a page on where the host has WebAssembly. Other arrays begin anywhere, with glibc 16 bytes behind a page: from there and to there
 * Linux copies a fifth more slowly, as processors have it with copies that begin within a line of the cache.
 */
export function alignedBytes(length: number): Uint8Array<ArrayBuffer> {
  const host = (globalThis as unknown as { WebAssembly?: Host }).WebAssembly;
  try {
    if (host) return new Uint8Array(new host.Memory({ initial: Math.ceil(length / PAGE) }).buffer, 0, length);
  } catch {
    // A process with little address space has no room for the guards around it.
  }
  return new Uint8Array(length);
}
