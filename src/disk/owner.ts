/** The process that a temporary file belongs to, and whether it may still be at work. */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Ids are reused: a process is its id, when it began, and where its id counts. */
export interface Process {
  readonly pid: number;
  /** Clock ticks from the machine's start to the process's; 0 where nothing tells. */
  readonly start: string;
  /** A digest: one machine since it was started, and one space of process ids on it. */
  readonly place: string;
}

export interface Owner extends Process {
  /** One of this library in one process: threads and other copies are others. */
  readonly instance: string;
}

export const digestOf = (text: string, length = 8): string =>
  createHash('sha256').update(text).digest('hex').slice(0, length);

export const random = (): string => randomBytes(8).toString('hex');

const ifReadable = (read: () => string): string | undefined => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

/** State and start of a process, where the system shows them (Linux). */
function statusOf(pid: number | 'self'): { readonly isEnded: boolean; readonly start: string } | undefined {
  const stat = ifReadable(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  // The name in brackets may hold anything; state is the first field behind it, the start the twentieth.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields && { isEnded: fields[0] === 'Z' || fields[0] === 'X', start: fields[19] ?? '0' };
}

let known: Owner | undefined;

/** This process. */
export const self = (): Owner => {
  if (known) return known;
  const boot = ifReadable(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
  const space = ifReadable(() => readlinkSync('/proc/self/ns/pid'));
  const place = digestOf(`${boot ?? hostname()} ${space}`);
  known = { pid: process.pid, start: statusOf('self')?.start ?? '0', place, instance: random() };
  return known;
};

/** Undefined where this process cannot tell: the owner is on another machine, in another container, or from before a restart. */
export function isRunning({ pid, start, place }: Process): boolean | undefined {
  if (place !== self().place) return undefined;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const status = statusOf(pid);
  return status === undefined || (!status.isEnded && status.start === start);
}
