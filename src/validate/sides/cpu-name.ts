/** The name of this machine's CPU. A browser, which does not tell it, builds `src/browser/cpu-name.ts` in its place. */
import { cpus } from 'node:os';

export const cpuName = (): string | undefined => cpus()[0]?.model.trim();
