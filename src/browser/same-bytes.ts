/** Whether two models in memory are the same bytes: built in place of `src/validate/speed/same-bytes.ts`. */
import type { PreparedModel } from '../validate/sides/prepared-model.js';

export async function areSameBytes(a: PreparedModel, b: PreparedModel): Promise<boolean> {
  const [one, other] = [a.source as Uint8Array, b.source as Uint8Array];
  return a.model === b.model || (one.length === other.length && one.every((byte, i) => byte === other[i]));
}
