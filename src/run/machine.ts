/** Where a report was made: the machine, and the versions of what took part. A browser knows little of either. */
import { runtimeRequire } from '../installed-runtime.js';
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
  const require = await runtimeRequire();
  try {
    versions['onnxruntime-node'] = require('onnxruntime-node/package.json').version;
  } catch {
    // It is not installed: nothing that runs a model will work, and its error will say so.
  }
  return versions;
}

/** True where Node's own modules can be imported. */
export const isNode = (): boolean => typeof globalThis.process?.versions?.node === 'string';
