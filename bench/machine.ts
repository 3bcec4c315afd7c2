/** The machine a measurement was made on: what a number is worth nothing without. */
import { execFile } from 'node:child_process';
import { availableParallelism, loadavg } from 'node:os';
import { promisify } from 'node:util';
import { type Machine, machineOf, versionsOf } from '../src/run/machine.js';

/** A graphics card as its driver calls it. */
export interface Gpu {
  readonly name: string;
  readonly driver: string;
  /** In bytes. */
  readonly memory: number;
}

export interface MachineState extends Machine {
  /** Cores this process may use: fewer than there are in a container. */
  readonly available: number;
  readonly gpus: readonly Gpu[];
  /** Processes that wanted a core in the last minute before the measurement; beyond the cores, the machine was shared. */
  readonly load: number;
  readonly versions: Readonly<Record<string, string>>;
}

export async function machineState(): Promise<MachineState> {
  const [machine, versions, gpus] = await Promise.all([machineOf(), versionsOf(), nvidiaGpus()]);
  return { ...(machine as Machine), available: availableParallelism(), load: loadavg()[0] as number, gpus, versions };
}

/** What nvidia-smi knows; none where there is no NVIDIA driver. */
async function nvidiaGpus(): Promise<Gpu[]> {
  try {
    const query = ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader,nounits'];
    const { stdout } = await promisify(execFile)('nvidia-smi', query, { timeout: 30_000 });
    return stdout
      .trim()
      .split('\n')
      .map((line) => {
        const [name = '', driver = '', mebibytes = '0'] = line.split(',').map((part) => part.trim());
        return { name, driver, memory: Number(mebibytes) * 2 ** 20 };
      });
  } catch {
    return [];
  }
}
