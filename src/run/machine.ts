/** Where a report was made: the machine, and the versions of what took part. */
import { NO_RUNTIME, runtimeVersion } from '../installed-runtime.js';
import { UsageError } from '../ir/text/usage-error.js';
import { version } from '../version.js';
import type { VerifyLevel } from './verify/verifier.js';

export interface Machine {
  readonly os: string;
  readonly arch: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memory: number;
}

/** The machine; undefined in a browser. */
export async function machineOf(): Promise<Machine | undefined> {
  const { arch, cpus, release, totalmem, type } = await import('node:os');
  const cores = cpus();
  return {
    os: `${type()} ${release()}`,
    arch: arch(),
    cpu: cores[0]?.model.trim() ?? 'unknown',
    cores: cores.length,
    memory: totalmem(),
  };
}

/** Versions of this package, Node and onnxruntime-node; what is not there is left out. */
export async function versionsOf(): Promise<Record<string, string>> {
  const versions: Record<string, string> = { 'onnx-passes': version, node: process.versions.node };
  const runtime = await runtimeVersion();
  return runtime === undefined ? versions : { ...versions, 'onnxruntime-node': runtime };
}

/** True where models can be run: onnxruntime-node is installed. A browser builds `src/browser/machine.ts` in place of this file. */
export const canRun = async (): Promise<boolean> => (await runtimeVersion()) !== undefined;

/** Whether models are run to verify. Throws UsageError where they are to be, which is the default, and cannot. */
export async function runsToVerify(verify: VerifyLevel | undefined): Promise<boolean> {
  if (verify === 'none') return false;
  if (await canRun()) return true;
  throw new UsageError(NO_RUNTIME);
}
