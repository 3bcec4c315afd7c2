/** Loaded into a measured program before its own code: writes what the process used into USAGE_FILE as it ends. */
import { writeFileSync } from 'node:fs';

const file = process.env.USAGE_FILE;
// Children of the measured program are not what is measured.
delete process.env.USAGE_FILE;
if (file)
  process.on('exit', () => {
    const { user, system } = process.cpuUsage();
    writeFileSync(
      file,
      JSON.stringify({ cpuMs: (user + system) / 1000, peakBytes: process.resourceUsage().maxRSS * 1024 }),
    );
  });
