/** The device that WebGPU gives in a browser. */
export interface Adapter {
  /** Vendor and architecture, as the browser tells them. */
  readonly name: string;
  /** True where the CPU does the work. */
  readonly isSoftware: boolean;
  /** True where shaders may compute in 16 bits. */
  readonly hasFloat16: boolean;
}
