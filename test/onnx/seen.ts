/** Messages as an independent decoder sees them. */
import { onnx } from 'onnx-proto';

/** Every field that is there, but where a tensor's numbers are. */
export function withoutNumbers(bytes: Uint8Array): object {
  const message = onnx.ModelProto.toObject(onnx.ModelProto.decode(bytes), { longs: String, bytes: String });
  const strip = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) return;
    for (const key of ['rawData', 'externalData', 'dataLocation']) Reflect.deleteProperty(part, key);
    Object.values(part).forEach(strip);
  };
  strip(message);
  return message;
}
