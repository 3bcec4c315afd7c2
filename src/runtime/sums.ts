/** Sums of outputs over the runs of a session, where the session is: of many runs each then crosses the process boundary once. */
import type { TensorData } from './protocol.js';

export class OutputSums {
  readonly #sums = new Map<string, { readonly shape: readonly number[]; readonly numbers: Float32Array }>();

  /** Adds these outputs of one run, which are float32 and of the same shape in each; gives the other ones. */
  add(outputs: Record<string, TensorData>, names: readonly string[]): Record<string, TensorData> {
    const rest = { ...outputs };
    for (const name of names) {
      const { shape, data } = outputs[name] as TensorData;
      delete rest[name];
      const { buffer, byteOffset, byteLength } = data as Uint8Array;
      const own = new Float32Array(buffer, byteOffset, byteLength / 4);
      const sum = this.#sums.get(name);
      if (!sum) this.#sums.set(name, { shape, numbers: own });
      else if (sum.numbers.length !== own.length) throw new Error(`output "${name}": its shapes differ between runs`);
      else for (let i = 0; i < own.length; i++) sum.numbers[i] = (sum.numbers[i] as number) + (own[i] as number);
    }
    return rest;
  }

  /** Gives a sum, and forgets it. */
  take(name: string): TensorData {
    const sum = this.#sums.get(name);
    if (!sum) throw new Error(`output "${name}": expected one that was summed`);
    this.#sums.delete(name);
    const { buffer, byteOffset, byteLength } = sum.numbers;
    return { type: 'float32', shape: sum.shape, data: new Uint8Array(buffer, byteOffset, byteLength) };
  }
}
