/**
 * Loops over the numbers of weights as WebAssembly, four numbers of 32 bits or two of 64 at a time. Each has a twin in JavaScript that gives the same bits:
 * it is what runs where a host has no WebAssembly with SIMD, and what tests compare with.
 */
import { compiled } from './compiled.js';

/** Offsets of bytes in the memory of an instance. */
type Address = number;

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  quantizeColumns(
    K: number,
    block: number,
    levels: number,
    isSymmetric: number,
    isNearest: number,
    ranges: Address,
    tried: number,
    numbers: Address,
    importance: Address,
    kind: number,
    first: Address,
    second: Address,
    errors: Address,
    sums: Address,
    codes: Address,
    scales: Address,
    zeros: Address,
    scratch: Address,
  ): void;
  halfBits(numbers: Address, count: number, out: Address, kind: number): void;
  halveRows(
    numbers: Address,
    count: number,
    column: number,
    columns: number,
    sums: Address,
    out: Address,
    isWide: number,
  ): void;
  widenFloat16(halves: Address, count: number, out: Address): void;
  largestOfRows(numbers: Address, rows: number, columns: number, out: Address): void;
  addChanges(
    numbers: Address,
    count: number,
    steps: Address,
    first: number,
    narrow: Address,
    wide: Address,
    totals: Address,
  ): void;
  growSizes(numbers: Address, rows: number, columns: number, isPaired: number, sizes: Address, alone: number): void;
  roundingErrors(
    numbers: Address,
    rows: number,
    columns: number,
    isPaired: number,
    scales: Address,
    inverses: Address,
    squares: Address,
    sizes: Address,
    limits: Address,
    costs: Address,
    shares: Address,
    alone: number,
  ): number;
  roundRows(
    numbers: Address,
    rows: number,
    columns: number,
    isPaired: number,
    scales: Address,
    errors: Address,
    out: Address,
    limit: number,
  ): void;
  largestOfGroups(numbers: Address, groups: number, size: number, out: Address): void;
  roundBlocks(
    numbers: Address,
    scales: Address,
    column: number,
    count: number,
    block: number,
    largest: number,
    out: Address,
    totals: Address,
  ): void;
  roundAcross(
    numbers: Address,
    scales: Address,
    errors: Address,
    count: number,
    share: number,
    largest: number,
    out: Address,
    totals: Address,
  ): void;
  turnColumns(columns: Address, rows: number, out: Address): void;
  packCodes(codes: Address, rows: number, bits: number, out: Address): void;
  triangleEnergy(
    triangle: Address,
    importance: Address,
    errors: Address,
    count: number,
    out: Address,
    carried: Address,
  ): void;
  upperTriangle(matrix: Address, K: number, damping: number, scratch: Address): number;
  packTriangle(matrix: Address, K: number, packed: Address, importance: Address): void;
}

const PAGE = 1 << 16;
/** The first bytes are the compiler's. */
const START = 1 << 12;

/** The module with a memory of its own, for one use at a time: whoever keeps numbers in it between two calls has an instance for that alone. */
export class Kernels {
  #end = START;

  constructor(readonly run: Exports) {}

  /** Gives up all that was reserved. */
  clear(): void {
    this.#end = START;
  }

  /** Reserves so many bytes; views that were made before may be of no use afterwards. */
  reserve(bytes: number): Address {
    const address = this.#end;
    this.#end += Math.ceil(bytes / 64) * 64;
    this.#grow(this.#end);
    return address;
  }

  /** Gives the first address behind all that is reserved: what is there may be overwritten at any call. */
  free(bytes: number): Address {
    this.#grow(this.#end + bytes);
    return this.#end;
  }

  #grow(end: Address): void {
    const missing = end - this.run.memory.buffer.byteLength;
    if (missing > 0) this.run.memory.grow(Math.ceil(missing / PAGE));
  }

  bytes(address: Address, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.run.memory.buffer, address, length);
  }

  signed(address: Address, length: number): Int8Array<ArrayBuffer> {
    return new Int8Array(this.run.memory.buffer, address, length);
  }

  halves(address: Address, length: number): Uint16Array<ArrayBuffer> {
    return new Uint16Array(this.run.memory.buffer, address, length);
  }

  integers(address: Address, length: number): Int32Array<ArrayBuffer> {
    return new Int32Array(this.run.memory.buffer, address, length);
  }

  floats(address: Address, length: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.run.memory.buffer, address, length);
  }

  doubles(address: Address, length: number): Float64Array<ArrayBuffer> {
    return new Float64Array(this.run.memory.buffer, address, length);
  }
}

/** The part of WebAssembly that is needed: its types come with those of a browser. */
interface Host {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

let found: object | undefined | false;

/** A new instance; undefined where the host runs no WebAssembly with SIMD, or does not let it be compiled. */
export function kernels(): Kernels | undefined {
  const host = (globalThis as unknown as { WebAssembly?: Host }).WebAssembly;
  if (!host || found === false) return undefined;
  try {
    found ??= new host.Module(Uint8Array.from(atob(compiled), (one) => one.charCodeAt(0)));
    return new Kernels(new host.Instance(found).exports as Exports);
  } catch {
    found = false;
    return undefined;
  }
}

/** Kernels that no walk uses. */
const idle: Kernels[] = [];

/** Kernels for one walk over a weight, with nothing reserved: a weight that is computed as it is read may be walked over within the walk. */
export function takeKernels(): Kernels | undefined {
  const own = idle.pop() ?? kernels();
  own?.clear();
  return own;
}

/** Gives them back. */
export function giveBack(own: Kernels): void {
  idle.push(own);
}
