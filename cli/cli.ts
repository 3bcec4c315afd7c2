#!/usr/bin/env node
/** The first file of the command `optimize`: has Node keep the compiled code of all others, where it can (22.8 and later), for the next start. */
import * as module from 'node:module';

const { enableCompileCache, getCompileCacheDir } = module as {
  enableCompileCache?: () => unknown;
  getCompileCacheDir?: () => string | undefined;
};
enableCompileCache?.();
const folder = getCompileCacheDir?.();
// Threads and child processes look there.
if (folder !== undefined) process.env.NODE_COMPILE_CACHE ??= folder;
await import('./command.js');
