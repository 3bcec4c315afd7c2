/**
 * Runs each model once on CUDA and lets the provider say which attention kernels it takes: lines of a path, a tab and the sizes of dims as JSON on its input;
 * on its output @model before the words of each, and @refused with the runtime's message where it does not run.
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { InferenceSession, Tensor } from '../runtime.mjs';

const arrays = {
  float32: Float32Array,
  float16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  bool: Uint8Array,
};
const ones = { int64: 1n, float16: 0x3c00 };

for await (const line of createInterface({ input: process.stdin })) {
  const [path, dims = '{}'] = line.split('\t');
  const sizes = JSON.parse(dims);
  writeSync(1, '@model\n');
  try {
    const session = await InferenceSession.create(path, { executionProviders: ['cuda'], logSeverityLevel: 3 });
    const feeds = {};
    for (const { name, type, shape } of session.inputMetadata) {
      const own = shape.map((dim) => (typeof dim === 'number' ? dim : (sizes[dim] ?? 1)));
      const data = new arrays[type](own.reduce((all, size) => all * size, 1)).fill(ones[type] ?? 1);
      feeds[name] = new Tensor(type, data, own);
    }
    await session.run(feeds);
    await session.release();
  } catch (error) {
    writeSync(1, `@refused ${error.message.replaceAll('\n', ' ')}\n`);
  }
}
