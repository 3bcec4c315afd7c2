/** The runtime that a program in a browser hands in: built in place of `src/use-runtime.ts`. */
import type * as Ort from 'onnxruntime-node';
import { UsageError } from '../ir/text/usage-error.js';
import type { RuntimeModule } from '../use-runtime.js';

export type { RuntimeModule } from '../use-runtime.js';

let given: typeof Ort | undefined;

/** Hands in the runtime that verifies passes, folds constants and compares models from now on. */
export function useRuntime(runtime: RuntimeModule): void {
  if (typeof runtime?.InferenceSession?.create !== 'function')
    throw new UsageError(
      "useRuntime: expected the module onnxruntime-web, as import * as ort from 'onnxruntime-web' gives it",
    );
  given = runtime as unknown as typeof Ort;
}

/** Throws UsageError where none was handed in. */
export function runtimeModule(): typeof Ort {
  if (given) return given;
  throw new UsageError(
    "expected a runtime, to run models in the browser; found none. import * as ort from 'onnxruntime-web', and call useRuntime(ort)",
  );
}

export const hasRuntime = (): boolean => given !== undefined;
