/**
 * Builds the page that optimizes models in a browser: a folder for any host of static files. `npm run page -- --out site` names the folder,
 * `--runtime` adds onnxruntime-web, which verifies results and is several times as large.
 */
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { deflateRawSync } from 'node:zlib';
import { build } from 'esbuild';
import { licences } from './bundled-licences.mjs';
import { reportAssets, reportPage } from './report-page.mjs';
import { inBrowser } from './seams.mjs';
import { asNamespace, englishOnly } from './zod.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const place = (name) => join(root, 'src/browser/page', name);
/** What onnxruntime-web loads in WebAssembly, on one thread. */
const RUNTIME = ['ort.wasm.min.mjs', 'ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm'];

const shared = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
};

/** The worker's whole code as one text. */
const builtWorker = async (runtime) => {
  const { metafile, outputFiles } = await build({
    ...shared,
    entryPoints: [place('worker.ts')],
    write: false,
    alias: { fflate: 'fflate/browser' },
    define: { RUNTIME: JSON.stringify(runtime ? `./runtime/${RUNTIME[0]}` : '') },
    plugins: [englishOnly, asNamespace, inBrowser(root), reportPage],
  });
  return { inputs: Object.keys(metafile.inputs), text: outputFiles[0].text };
};

/**
 * A script that holds another one deflated, and runs it from an address that it makes; a third of the size on hosts that compress nothing. `PAGE`
 * is the address of the script for the code within, whose own says no folder.
 */
const packed = (text) => `/* The library of onnx-passes, deflated and in base64: .ci/page.mjs made it. */
const bytes = Uint8Array.from(atob(${JSON.stringify(deflateRawSync(text, { level: 9 }).toString('base64'))}), (c) => c.charCodeAt(0));
const code = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'))).text();
self.PAGE = import.meta.url;
await import(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })));
`;

/** Writes the page into a folder. */
export async function buildPage(out, { runtime = false } = {}) {
  const worker = await builtWorker(runtime);
  const { metafile } = await build({
    ...shared,
    entryPoints: { page: place('ui/main.ts'), style: place('page.css') },
    entryNames: '[name]-[hash]',
    outdir: out,
  });
  const script = packed(worker.text);
  const workerName = `worker-${createHash('sha256').update(script).digest('hex').slice(0, 8)}.js`;
  await writeFile(join(out, workerName), script);
  const names = Object.keys(metafile.outputs).map((path) => basename(path));
  const built = (start) => names.find((name) => name.startsWith(`${start}-`));
  const { scriptHash, styleHash } = await reportAssets();
  // The worker unpacks its code into an address of its own (blob:). The report in its frame has this page's policy: its script and style are named. Nothing can be sent anywhere but, with a runtime, asked of this host.
  const policy = [
    "default-src 'none'",
    `script-src 'self' blob: 'wasm-unsafe-eval' '${scriptHash}'`,
    `style-src 'self' '${styleHash}'`,
    "worker-src 'self' blob:",
    'frame-src blob:',
    'img-src data:',
    `connect-src ${runtime ? "'self'" : "'none'"}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const values = { policy, worker: workerName, script: built('page'), style: built('style') };
  const page = await readFile(place('index.html'), 'utf8');
  await writeFile(
    join(out, 'index.html'),
    page.replaceAll(/\{(\w+)\}/g, (_, name) => values[name]),
  );
  const inputs = [
    ...Object.keys(metafile.inputs),
    ...worker.inputs,
    ...(runtime ? ['node_modules/onnxruntime-web/package.json'] : []),
  ];
  await writeFile(join(out, 'LICENSES.txt'), await licences(inputs));
  if (!runtime) return;
  const from = dirname(fileURLToPath(import.meta.resolve('onnxruntime-web')));
  await mkdir(join(out, 'runtime'));
  for (const name of RUNTIME) await cp(join(from, name), join(out, 'runtime', name));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: join(root, 'dist/page') },
      runtime: { type: 'boolean', default: false },
    },
  });
  await rm(join(root, 'dist/page'), { recursive: true, force: true });
  await buildPage(resolve(values.out), values);
  console.log(`wrote ${resolve(values.out)}: serve it as static files`);
}
