/** Tests run models in child processes: a case may take seconds where two cores are shared, and a worker waits for them half of its time. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // The library, and the process that runs models, are loaded once for all files of a worker: a quarter of the time.
    isolate: false,
    // Some tests load onnxruntime themselves.
    env: { ORT_DISABLE_TELEMETRY: process.env.ORT_DISABLE_TELEMETRY ?? '1' },
  },
});
