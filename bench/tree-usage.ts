/** Measures CPU time and memory of a program with all processes that it starts: Linux only, by looking at them every 50 ms. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface TreeUsage {
  /** User and system time; of a process that ended, as of the last look. */
  readonly cpuMs: number;
  readonly wallMs: number;
  /** The largest sum of resident sets; pages that processes share count for each. */
  readonly peakBytes: number;
}

const LOOK_MS = 50;
const TICK_MS = 10;

/** Runs a program to its end. Throws where it fails. */
export async function treeUsage(program: string, words: readonly string[], cwd: string): Promise<TreeUsage> {
  const began = performance.now();
  const child = spawn(program, words, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk).slice(-2000);
  });
  const cpu = new Map<number, number>();
  let peakBytes = 0;
  const look = (): void => {
    let bytes = 0;
    for (const pid of treeOf(child.pid as number)) {
      const found = usageOf(pid);
      if (!found) continue;
      cpu.set(pid, found.cpuMs);
      bytes += found.bytes;
    }
    peakBytes = Math.max(peakBytes, bytes);
  };
  const timer = setInterval(look, LOOK_MS);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`${program} ${words.join(' ')}: ended with ${code}. ${errors}`);
  const cpuMs = [...cpu.values()].reduce((sum, ms) => sum + ms, 0);
  return { cpuMs, wallMs: performance.now() - began, peakBytes };
}

/** The process and all that descend from it. */
function treeOf(root: number): number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    const parent = Number.isInteger(pid) ? statOf(pid)?.[1] : undefined;
    if (parent !== undefined) parents.set(pid, Number(parent));
  }
  const isIn = (pid: number | undefined): boolean => pid !== undefined && (pid === root || isIn(parents.get(pid)));
  return [...parents.keys()].filter(isIn);
}

/** The fields of a process's line from its state on; undefined once it has ended. */
function statOf(pid: number): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function usageOf(pid: number): { readonly cpuMs: number; readonly bytes: number } | undefined {
  const fields = statOf(pid);
  if (!fields) return undefined;
  const [user, system, pages] = [11, 12, 21].map((at) => Number(fields[at])) as [number, number, number];
  return { cpuMs: TICK_MS * (user + system), bytes: 4096 * pages };
}

/** Bytes of the largest resident set that a process has had. */
export const peakOf = (pid: number): number =>
  1024 * Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
