#!/usr/bin/env node
/** The entry of the command `optimize`: its commands run in a thread that this process oversees. */
import { fail } from './fail.js';
import { main } from './main.js';
import { listen, oversee } from './oversee.js';

listen();
process.exitCode = await main(process.argv.slice(2), oversee).catch(fail);
