/**
 * Has onnxruntime-node hold float16 as its bits, before its first tensor is made. Where JavaScript has a Float16Array (Node 24), onnxruntime-common makes
 * one of the bits that it is given, and onnxruntime-node 1.30 reads no element of that ("not enough space: expected 64, got 0"). It looks for the class
 * once, at the first tensor: that one is made while the class is hidden.
 */
export function keepFloat16Bits(Tensor: typeof import('onnxruntime-node').Tensor): void {
  const host = globalThis as { Float16Array?: unknown };
  const { Float16Array } = host;
  if (Float16Array === undefined) return;
  host.Float16Array = undefined;
  try {
    new Tensor('float16', new Uint16Array(1), [1]);
  } finally {
    host.Float16Array = Float16Array;
  }
}
