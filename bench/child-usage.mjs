/** Is loaded into a measured program before its own code, and writes the CPU time and memory of the process to USAGE_FILE at its end. */
import { writeFileSync } from 'node:fs';
import { peakBytes } from './peak.mjs';

const file = process.env.USAGE_FILE;
// Children of the measured program are not measured.
delete process.env.USAGE_FILE;
if (file)
  process.on('exit', () => {
    const { user, system } = process.cpuUsage();
    writeFileSync(file, JSON.stringify({ cpuMs: (user + system) / 1000, peakBytes: peakBytes() }));
  });
