/** The entry of the command `optimize`: its commands run in a thread that this process oversees; help and versions are told here, which is sooner. */
import { fail } from './terminal/fail.js';
import { listen, oversee } from './thread/oversee.js';

listen();
const words = process.argv.slice(2);
const isTold = words.length === 0 || words.some((word) => ['--help', '-h', '--version'].includes(word));
process.exitCode = await (isTold ? import('./main.js').then(({ main }) => main(words)) : oversee(words)).catch(fail);
