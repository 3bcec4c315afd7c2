/**
 * Runs a TypeScript entry of this repository: `node bench/run.mjs bench/gpu.ts --size base`. It is bundled first, with
 * the child process that runs models beside it, into a folder that nobody packs. `--bundle folder` before the entry
 * leaves the bundle there instead of running it: it needs the dependencies of production alone.
 */
import { rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { reportPage } from '../.ci/report-page.mjs';

// Where a bench loads onnxruntime itself.
process.env.ORT_DISABLE_TELEMETRY ??= '1';
const root = fileURLToPath(new URL('..', import.meta.url));
const rest = process.argv.slice(2);
const folder = rest[0] === '--bundle' ? rest.splice(0, 2)[1] : undefined;
const entry = rest.shift();
if (!entry) {
  process.stderr.write('usage: node bench/run.mjs [--bundle folder] <entry.ts> [arguments]\n');
  process.exit(1);
}
const name = basename(entry, '.ts');
// Runs at the same time do not share a folder.
const outdir = folder ? resolve(folder) : join(root, 'node_modules/.cache/onnx-passes', `${name}-${process.pid}`);
if (!folder) process.on('exit', () => rmSync(outdir, { recursive: true, force: true }));
await build({
  absWorkingDir: root,
  entryPoints: {
    [name]: entry,
    'runtime-child': 'src/runtime/child.ts',
    'runtime-page': 'src/runtime/web/page.ts',
    'kernel-probe-child': 'src/runtime/kernels/probe/child.ts',
  },
  outdir,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  plugins: [reportPage],
  sourcemap: true,
  logLevel: 'warning',
});
const file = join(outdir, `${name}.js`);
if (!folder) {
  process.argv = [process.argv[0], file, ...rest];
  await import(pathToFileURL(file).href);
}
