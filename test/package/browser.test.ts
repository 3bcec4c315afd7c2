/** The packed package in a browser: built by four bundlers without settings for it, on a page and in a worker, with a runtime and without. */
import { createHash } from 'node:crypto';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Metafile } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encoder } from '../../fixtures/encoder.js';
import { writeModel } from '../../src/onnx/write.js';
import { optimize } from '../../src/optimize.js';
import { runtimeFolder } from '../../src/runtime/web/find.js';
import { FileServer } from '../../src/runtime/web/server.js';
import { ShownPage } from '../report/page.js';
import { hasBrowser } from '../runtime/browser.js';
import { bundlers, outputsIn } from './bundlers.js';
import { type Installed, installed } from './installed.js';

const PASSES = 'simplify,fuse';
const model = encoder({ layers: 1, hidden: 64, heads: 4, intermediate: 128, vocabulary: 64, positions: 64, seed: 0 });

let project: Installed;
beforeAll(() => {
  project = installed();
});
afterAll(() => project.remove());

/** What a page loads at once that imports these names: bytes with gzip, and what is imported from outside. */
async function loaded(contents: string): Promise<{ bytes: number; external: string[] }> {
  const { metafile, outputFiles } = await build({
    absWorkingDir: project.folder,
    stdin: { contents, resolveDir: project.folder },
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    outdir: 'unused',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const { outputs }: Metafile = metafile;
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const { path: next, kind, external } of outputs[path]?.imports ?? [])
      if (kind !== 'dynamic-import' && !external) visit(next);
  };
  visit(Object.keys(outputs).find((path) => path.endsWith('stdin.js')) as string);
  const bytesOf = (path: string): number =>
    gzipSync(outputFiles.find((file) => file.path.endsWith(path))?.contents ?? '').length;
  const external = Object.values(metafile.inputs).flatMap(({ imports }) =>
    imports.filter((one) => one.external && one.path !== '<runtime>').map(({ path }) => path),
  );
  return { bytes: [...seen].reduce((sum, path) => sum + bytesOf(path), 0), external };
}

/** kB that a page loads, at most: what there is, and a tenth. Reading is to stay below 100. */
it.each([
  [`export { readModel } from 'onnx-passes'`, 76],
  [`export { readModel, optimize, writeModel } from 'onnx-passes'`, 405],
  [`export { readReport, reportMarkdown } from 'onnx-passes/report'`, 55],
  [`export { rule, any, op, site } from 'onnx-passes/rules'`, 111],
  [`export * from 'onnx-passes'`, 430],
])('%s: nothing of Node, and at most %i kB', async (contents, kB) => {
  const { bytes, external } = await loaded(contents);
  expect(external).toEqual([]);
  expect(bytes).toBeLessThan(kB * 1000);
});

describe.runIf(hasBrowser)('bundled, in a browser', () => {
  let page: ShownPage;
  let given = '';
  let expected = '';

  beforeAll(async () => {
    const { folder } = project;
    cpSync(fileURLToPath(new URL('app.js', import.meta.url)), join(folder, 'app.js'));
    const outputs = outputsIn(folder);
    await Promise.all(Object.entries(bundlers).map(([name, bundle]) => bundle(folder, outputs[name] as string)));
    writeFileSync(join(folder, 'built', 'page.js'), '');
    const server = new FileServer('page/page.js', {
      page: join(folder, 'built'),
      runtime: runtimeFolder(),
      ...outputs,
    });
    const address = await server.start();
    given = server.add(await writeModel(model)).path;
    page = await ShownPage.start();
    await page.visit(address);
    const { model: result } = await optimize(model, PASSES, { target: 'cpu', verify: 'none' });
    expected = createHash('sha256')
      .update(await writeModel(result))
      .digest('hex');
  });
  afterAll(() => page?.close());

  const inPage = (body: string): Promise<unknown> =>
    page.read(`(async () => { const blob = await (await fetch('${given}')).blob(); ${body} })()`);

  it.each(Object.keys(bundlers))('%s: the page gets the bytes that Node writes', async (name) => {
    const found = await inPage(`await import('./${name}/app.js'); return optimizeIn(blob, '${PASSES}');`);
    expect(found).toMatchObject({ name: 'out.onnx', sha256: expected, level: 'none', changed: true });
  });

  it('with a runtime every rewrite is run, and the result is compared with the original', async () => {
    const found = await inPage(
      `const ort = await import('./runtime/ort.wasm.min.mjs');
      const { optimizeIn } = await import('./esbuild/app.js');
      return optimizeIn(blob, '${PASSES}', ort);`,
    );
    expect(found).toMatchObject({ sha256: expected, level: 'pass', gates: expect.arrayContaining(['accuracy true']) });
    expect((found as { passes: string[] }).passes.join()).toMatch(/fuse-attn applied [1-9].*fuse-act applied [1-9]/);
  });

  it('a worker does the same', async () => {
    const found = await inPage(
      `const worker = new Worker('./vite/app.js', { type: 'module' });
      const runtime = new URL('./runtime/ort.wasm.min.mjs', location.href).href;
      const answer = new Promise((resolve) => { worker.onmessage = ({ data }) => resolve(data); });
      worker.postMessage({ blob, passes: '${PASSES}', runtime });
      return answer;`,
    );
    expect(found).toMatchObject({ sha256: expected, level: 'pass', gates: expect.arrayContaining(['accuracy true']) });
  });
});
