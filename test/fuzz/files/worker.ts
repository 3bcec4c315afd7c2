/** The process that tries files: `worker.ts seed from to`, each told to whoever started it. */
import { tryFiles } from './tries.js';

process.on('disconnect', () => process.exit());
const [seed = 0, from = 0, to = 0] = process.argv.slice(2).map(Number);
await tryFiles({ seed, from, to }, (told) => process.send?.(told));
process.exit();
