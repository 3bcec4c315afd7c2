/** The largest memory of this process. */
import { readFileSync } from 'node:fs';

/**
 * Bytes of the largest resident set. On Linux that of the program alone: `resourceUsage` begins with what the process held that started it, as it is
 * kept over `exec`.
 */
export function peakBytes() {
  try {
    const [, kilobytes] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    if (kilobytes !== undefined) return 1024 * Number(kilobytes);
  } catch {
    // Other systems have no such file.
  }
  return 1024 * process.resourceUsage().maxRSS;
}
