/** What a browser tells of where a report was made: built in place of `src/run/machine.ts`. */
import type { Machine } from '../run/machine.js';
import type { VerifyLevel } from '../run/verify/verifier.js';
import { version } from '../version.js';
import { hasRuntime, runtimeModule } from './use-runtime.js';

export type { Machine } from '../run/machine.js';

export const machineOf = async (): Promise<Machine | undefined> => undefined;

export async function versionsOf(): Promise<Record<string, string>> {
  const web = hasRuntime() ? runtimeModule().env.versions.web : undefined;
  return { 'onnx-passes': version, ...(web && { 'onnxruntime-web': web }) };
}

export const canRun = async (): Promise<boolean> => hasRuntime();

/** As nothing is run unless a runtime was handed in, only who asks for a check is told that there is none. */
export async function runsToVerify(verify: VerifyLevel | undefined): Promise<boolean> {
  if (verify !== undefined && verify !== 'none') runtimeModule();
  return verify !== 'none' && hasRuntime();
}
