/** The page that optimizes models in a browser: built, served as static files, and used as people do. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildPage } from '../../.ci/page.mjs';
import { encoder } from '../../fixtures/encoder.js';
import { writeModel } from '../../src/onnx/write.js';
import { optimize } from '../../src/optimize.js';
import { ShownPage } from '../report/page.js';
import { hasBrowser } from '../runtime/browser.js';

const folder = mkdtempSync(join(tmpdir(), 'page-'));
const site = join(folder, 'site');
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};
const server = createServer(({ url = '' }, response) => {
  const name = url === '/' ? '/index.html' : url;
  response.setHeader('Content-Type', types[extname(name)] ?? 'application/octet-stream');
  response.end(readFileSync(join(site, name)));
});
const model = encoder({ layers: 1, hidden: 64, heads: 4, intermediate: 128, vocabulary: 64, positions: 64, seed: 0 });
/** The model, and its data file. */
let written: readonly string[] = [];

beforeAll(async () => {
  await buildPage(site, { runtime: true });
  ({ files: written } = await writeModel(model, join(folder, 'encoder.onnx'), { externalData: true }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('is less than a megabyte on any host, and half of one where it compresses, without the runtime', () => {
  const files = readdirSync(site, { withFileTypes: true }).filter((entry) => entry.isFile());
  const contents = files.map(({ name }) => readFileSync(join(site, name)));
  const sum = (sizes: number[]): number => sizes.reduce((total, size) => total + size, 0);
  expect(sum(contents.map(({ length }) => length))).toBeLessThan(800_000);
  expect(sum(contents.map((content) => gzipSync(content).length))).toBeLessThan(600_000);
});

describe.skipIf(!hasBrowser)('in a browser', () => {
  let page: ShownPage;
  let address = '';
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    page = await ShownPage.start();
  });
  afterAll(async () => {
    await page.close();
    server.close();
  });
  beforeEach(async () => {
    await page.visit(address);
    await page.until(`document.getElementById('version').textContent`);
  });

  const text = (id: string): Promise<string> => page.read(`document.getElementById('${id}').innerText`);
  const isShown = (id: string): string => `!document.getElementById('${id}').hidden`;

  it.each([
    ['cpu', false],
    ['webgpu', true],
  ])('gives the bytes that Node writes, for %s, verified: %s, and the report', async (target, isVerified) => {
    await page.choose('#file', ...written);
    await page.until(isShown('model'));
    expect(await text('model')).toContain('encoder.onnx');
    expect(await text('inputs')).toContain('input_ids');
    await page.read(`(() => {
      document.querySelector('[value=exact]').click();
      document.getElementById('target').value = '${target}';
      document.getElementById('verified').checked = ${isVerified};
      document.getElementById('start').click();
    })()`);
    await page.until(`${isShown('result')} || ${isShown('fault')}`);
    expect(await text('fault')).toBe('');
    expect(await text('result-title')).toContain('Done');
    expect(await text('lines')).toContain(isVerified ? 'on onnxruntime-web' : 'not verified');
    const file = await page.download('#files a', folder);
    const { model: result } = await optimize(model, 'exact', { target: target as 'cpu', verify: 'none' });
    expect(file.name).toBe('encoder.opt.onnx');
    expect(file.bytes.equals(await writeModel(result))).toBe(true);
    expect(await page.read(`document.getElementById('report').src.startsWith('blob:')`)).toBe(true);
    expect(page.said).toEqual([]);
  });

  it('asks this host alone, and its policy binds the worker too', async () => {
    expect(page.requests.filter((one) => !one.startsWith(address) && !/^(blob|data):/.test(one))).toEqual([]);
    const refused = await page.read(`new Promise((resolve) => {
      const code = "fetch('https://example.com').then(() => postMessage('sent'), () => postMessage('refused'))";
      new Worker(URL.createObjectURL(new Blob([code]))).onmessage = ({ data }) => resolve(data);
    })`);
    expect(refused).toBe('refused');
    expect(page.said.join()).toContain('Content Security Policy');
    const made = await page.read(`new Promise((resolve) => setTimeout(() => {
      try { resolve(eval('"made"')); } catch { resolve('no code is made of text'); }
    }))`);
    expect(made).toBe('no code is made of text');
  });

  it('says what is missing or wrong, and takes data files afterwards', async () => {
    await page.choose('#file', written[0] ?? '');
    await page.until(isShown('fault'));
    expect(await text('fault')).toMatch(/"encoder.onnx.*data".*choose the model together with its data files/);
    await page.choose('#file', written[1] ?? '');
    await page.until(isShown('model'));
    await page.read(`(() => {
      document.querySelector('[value=own]').click();
      document.getElementById('own-passes').value = 'simplfy';
      document.getElementById('start').click();
    })()`);
    await page.until(isShown('fault'));
    expect(await text('fault')).toContain('did you mean "simplify"');
    const other = join(folder, 'table.csv');
    writeFileSync(other, 'a,b\n');
    await page.visit(address);
    await page.until(`document.getElementById('version').textContent`);
    await page.choose('#file', other);
    await page.until(isShown('fault'));
    expect(await text('fault')).toContain('expected an ONNX model; found a text file');
  });

  it('is as wide as a phone', async () => {
    await page.visit(address, 390);
    await page.choose('#file', ...written);
    await page.until(isShown('passes'));
    expect(await page.read(`document.documentElement.scrollWidth`)).toBe(390);
  });
});
