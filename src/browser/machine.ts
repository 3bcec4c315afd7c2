/** What a browser tells of where a report was made: built in place of `src/run/machine.ts`. */
import type { Machine } from '../run/machine.js';
import { version } from '../version.js';
import { hasRuntime, runtimeModule } from './use-runtime.js';

export type { Machine } from '../run/machine.js';

export const machineOf = async (): Promise<Machine | undefined> => undefined;

export async function versionsOf(): Promise<Record<string, string>> {
  const web = hasRuntime() ? runtimeModule().env.versions.web : undefined;
  return { 'onnx-passes': version, ...(web && { 'onnxruntime-web': web }) };
}

export const canRun = hasRuntime;
