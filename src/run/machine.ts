/** Where a report was made: the machine, and the versions of what took part. A browser knows little of either. */
import { isNode, runtimeVersion } from '../installed-runtime.js';
import { version } from '../version.js';

export interface Machine {
  readonly os: string;
  readonly arch: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memory: number;
}

/** The machine; undefined in a browser. */
export async function machineOf(): Promise<Machine | undefined> {
  if (!isNode()) return undefined;
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
  const versions: Record<string, string> = { 'onnx-passes': version };
  if (!isNode()) return versions;
  versions.node = process.versions.node;
  const runtime = await runtimeVersion();
  return runtime === undefined ? versions : { ...versions, 'onnxruntime-node': runtime };
}
