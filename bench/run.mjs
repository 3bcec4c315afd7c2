/**
 * Runs a TypeScript entry of this repository: `node bench/run.mjs bench/gpu.ts --size base`. It is bundled first, with
 * the child process that runs models beside it, into a folder that nobody packs.
 */
import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const [entry, ...rest] = process.argv.slice(2);
if (!entry) {
  process.stderr.write('usage: node bench/run.mjs <entry.ts> [arguments]\n');
  process.exit(1);
}
const name = basename(entry, '.ts');
// Runs at the same time do not share a folder.
const outdir = join(root, 'node_modules/.cache/onnx-passes', `${name}-${process.pid}`);
process.on('exit', () => rmSync(outdir, { recursive: true, force: true }));
await build({
  absWorkingDir: root,
  entryPoints: { [name]: entry, 'runtime-child': 'src/runtime/child.ts' },
  outdir,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  sourcemap: true,
  logLevel: 'warning',
});
const file = join(outdir, `${name}.js`);
process.argv = [process.argv[0], file, ...rest];
await import(pathToFileURL(file).href);
