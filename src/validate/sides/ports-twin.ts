/** Gives the original the ports that the pass `ports` gave the result: int32 for int64, pictures of bytes. */
import { castPorts, imagePort, notedPorts, notePorts } from '../../contract/ports.js';
import { inferTypes } from '../../infer/index.js';
import type { Model } from '../../ir/model.js';
import { cloneModel } from '../../ir/whole-model/clone.js';

/** Undefined where the result has no such ports beyond the original's. */
export function portsTwinOf(original: Model, result: Model): Model | undefined {
  const [before, after] = [notedPorts(original), notedPorts(result)];
  const image = before.image ? undefined : after.image;
  const int32 = before.int32 ? undefined : after.int32;
  if (!image && !int32) return undefined;
  const twin = cloneModel(original);
  inferTypes(twin);
  if (image) imagePort(twin, image);
  if (int32) castPorts(twin, int32);
  notePorts(twin, after);
  return twin;
}
