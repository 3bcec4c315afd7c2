/** Writes the site into a folder: `npm run docs:site -- folder`; by default `site`. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeSite } from './site.js';

const root = process.cwd();
const given = process.argv[2];
const out = given ?? join(root, 'site');
// A folder that somebody named may hold more.
if (!given) rmSync(out, { recursive: true, force: true });
process.stdout.write(`wrote ${writeSite(root, out)} pages into ${out}\n`);
