/** A file that shows what was found and little else: mutations left out, then parts of the message. */
import { encodeMessage } from '../../../src/onnx/codec/message.js';
import type { Message } from '../../../src/onnx/proto/messages.js';
import { contentOf, decoded, fieldsOf, messagesIn, setValue } from './message.js';
import { applyPlan, type Plan } from './mutate.js';

/** For making a file smaller. */
const MILLISECONDS = 2000;

/** `shows` says whether a file still shows what was found. */
export async function shrink(
  seed: Uint8Array,
  donor: Uint8Array,
  plan: Plan,
  shows: (file: Uint8Array) => Promise<boolean>,
): Promise<Uint8Array> {
  let { messages, bytes } = plan;
  for (const one of [...bytes, ...messages]) {
    const less = { messages: messages.filter((other) => other !== one), bytes: bytes.filter((other) => other !== one) };
    if (await shows(applyPlan(seed, donor, less))) ({ messages, bytes } = less);
  }
  const file = applyPlan(seed, donor, { messages, bytes });
  return bytes.length ? file : smaller(file, shows);
}

/** Leaves out every field and every item that is not needed. */
async function smaller(file: Uint8Array, shows: (file: Uint8Array) => Promise<boolean>): Promise<Uint8Array> {
  const model: Message = decoded('ModelProto', file);
  let best = file;
  const end = performance.now() + MILLISECONDS;
  const isOver = (): boolean => performance.now() > end;
  const holds = async (): Promise<boolean> => {
    const bytes = Uint8Array.from(encodeMessage('ModelProto', model));
    const does = bytes.length < best.length && (await shows(bytes));
    if (does) best = bytes;
    return does;
  };
  for (const message of [...messagesIn(model).values()].flat())
    for (const field of fieldsOf(message)) {
      const value = contentOf(message, field);
      if (value === undefined || isOver()) continue;
      setValue(message, field, undefined);
      if (await holds()) continue;
      setValue(message, field, value);
      if (!Array.isArray(value)) continue;
      for (let at = value.length - 1; at >= 0 && !isOver(); at--) {
        const without = (contentOf(message, field) as unknown[]).toSpliced(at, 1);
        const before = contentOf(message, field);
        setValue(message, field, without);
        if (!(await holds())) setValue(message, field, before);
      }
    }
  return best;
}
