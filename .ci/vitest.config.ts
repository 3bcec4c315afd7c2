/** Tests run models in child processes: a case may take seconds where two cores are shared, and a worker waits for them half of its time. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { reportPageForVite } from './report-page.mjs';

/** Files that take longer than their size tells: much is in the models that they read and the processes that they start. */
const slow = [
  'validate/in-browser',
  'cli/command',
  'cli/folder',
  'cli/leaves-nothing',
  'cli/real-models',
  'cli/target',
  'large-models',
  'onnx/round-trip',
  'passes/rotary/fuse-rope-zoo',
  'region/wiring',
  'region/zoo',
  'run/in-order',
];

/** Slow files begin first, so that no worker waits for another at the end. The others follow by size. */
class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isSlow = ({ moduleId }: TestSpecification) => slow.some((name) => moduleId.endsWith(`/test/${name}.test.ts`));
    const sorted = await super.sort(files);
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))];
  }
}

export default defineConfig({
  plugins: [reportPageForVite],
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: ['test/**/*.test.ts'],
    // A test that hangs is ended; one that waits for a busy machine is not: twenty times what the slowest takes on two idle cores.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    maxWorkers: 2,
    sequence: { sequencer: SlowFirst },
    // The library, and the process that runs models, are loaded once for all files of a worker: a quarter of the time.
    isolate: false,
    env: {
      // Some tests load onnxruntime themselves.
      ORT_DISABLE_TELEMETRY: process.env.ORT_DISABLE_TELEMETRY ?? '1',
      // What this machine's user has probed or tuned decides nothing.
      XDG_CACHE_HOME: fileURLToPath(new URL('../node_modules/.cache/tests', import.meta.url)),
    },
  },
});
