/** Describes the machine that a measurement was made on. */
import { execFile } from 'node:child_process';
import { availableParallelism, loadavg } from 'node:os';
import { promisify } from 'node:util';
import { type Machine, machineOf, versionsOf } from '../src/run/machine.js';

/** A graphics card, as its driver names it. */
export interface Gpu {
  readonly name: string;
  readonly driver: string;
  /** In bytes. */
  readonly memory: number;
}

export interface MachineState extends Machine {
  /** Cores that this process may use: in a container fewer than the machine has. */
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

/** Lists the cards that nvidia-smi knows; none without an NVIDIA driver. */
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
