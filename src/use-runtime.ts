/** The runtime of a browser. Built for Node, where nobody has to hand one in; for a browser `src/browser/use-runtime.ts` is built in its place. */
import { UsageError } from './ir/text/usage-error.js';

/** The module onnxruntime-web (or `onnxruntime-web/webgpu`), as `import * as ort` gives it. */
export interface RuntimeModule {
  readonly InferenceSession: { create(model: Uint8Array, options?: object): Promise<unknown> };
  readonly Tensor: unknown;
  readonly env: unknown;
}

/**
 * In a browser: hands in the runtime that verifies passes, folds constants and compares models from now on, e.g. `useRuntime(ort)` after
 * `import * as ort from 'onnxruntime-web'`. Throws UsageError in Node, where models run in child processes on onnxruntime-node.
 */
export function useRuntime(_: RuntimeModule): void {
  throw new UsageError(
    'useRuntime: expected a browser; found Node, which runs models on onnxruntime-node. Leave it out',
  );
}
