import { main } from './main.js';
/** The entry of the command `optimize`: its commands run in a thread that this process oversees. */
import { fail } from './terminal/fail.js';
import { listen, oversee } from './thread/oversee.js';

listen();
process.exitCode = await main(process.argv.slice(2), oversee).catch(fail);
