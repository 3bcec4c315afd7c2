/**
 * The examples, in a folder of their own, on the package that is built. What needs Electron, Next or transformers.js, which are downloads of
 * hundreds of megabytes, is not run: of each the part is that calls this package.
 */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encoder } from '../fixtures/encoder.js';
import { writeModel } from '../src/onnx/write.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'examples-'));
const model = encoder({ layers: 1, hidden: 64, heads: 4, intermediate: 128, vocabulary: 64, positions: 64, seed: 0 });

beforeAll(async () => {
  cpSync(join(root, 'examples'), folder, { recursive: true });
  const packages = join(folder, 'node_modules');
  mkdirSync(packages);
  symlinkSync(root, join(packages, 'onnx-passes'), 'junction');
  for (const name of ['onnxruntime-node', 'onnxruntime-web', 'esbuild', 'webpack'])
    symlinkSync(join(root, 'node_modules', name), join(packages, name), 'junction');
  mkdirSync(join(folder, 'transformers/model/onnx'), { recursive: true });
  writeFileSync(join(folder, 'transformers/model/config.json'), '{ "model_type": "bert" }');
  for (const name of ['node', 'vite', 'electron', 'next', 'transformers/model/onnx'])
    await writeModel(model, join(folder, name, 'model.onnx'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (example: string, ...words: readonly string[]): string =>
  execFileSync(process.execPath, words, {
    cwd: join(folder, example),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
const bytes = (...path: readonly string[]): number => statSync(join(folder, ...path)).size;

it('node: the library', () => {
  expect(run('node', 'index.js')).toMatch(/accuracy[\s\S]*runs: input_ids,.* to last_hidden_state,pooler_output\n$/);
});

it('vite: the build emits the model of 16 bits', () => {
  run('vite', join(root, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'error');
  const assets = readdirSync(join(folder, 'vite/dist/assets'));
  const [emitted = ''] = assets.filter((name) => name.endsWith('.onnx'));
  expect(bytes('vite/dist/assets', emitted)).toBeLessThan(0.6 * bytes('vite', 'model.onnx'));
});

it('electron: what its main process calls', () => {
  const code = `import { optimizeModel } from './optimize-model.js'; await optimizeModel('model.onnx', () => {});`;
  run('electron', '--input-type=module', '-e', code);
  expect(existsSync(join(folder, 'electron', 'model.half.onnx'))).toBe(true);
});

it('transformers.js: a folder that it loads by the same names', () => {
  expect(run('transformers', 'optimize.js')).toBe('onnx/model.onnx done\n');
  const [result, model] = ['transformers/optimized', 'transformers/model'];
  expect(existsSync(join(folder, result, 'config.json'))).toBe(true);
  expect(bytes(result, 'onnx/model.onnx')).toBeLessThan(0.6 * bytes(model, 'onnx/model.onnx'));
});

/** What Next does with its configuration, as far as this package is concerned: `app/ports.js`, its elements as calls, through webpack. */
const nextBuild = `import { readFileSync, writeFileSync } from 'node:fs';
  import { transformSync } from 'esbuild';
  import webpack from 'webpack';
  import config from '../next/next.config.mjs';
  const text = readFileSync('../next/app/ports.js', 'utf8');
  writeFileSync('../next/app/built.js', transformSync(text, { loader: 'jsx', jsx: 'automatic' }).code);
  const options = config.webpack({
    mode: 'production',
    entry: '../next/app/built.js',
    externals: { react: 'React', 'react/jsx-runtime': 'jsx', 'onnxruntime-web': 'ort' },
    optimization: { minimize: false },
    output: { library: 'page', path: process.cwd() + '/../next/out', publicPath: '/_next/', assetModuleFilename: 'static/media/[name][ext]' },
    plugins: [],
  });
  webpack(options).run((error, stats) => {
    if (error || stats.hasErrors()) throw error ?? new Error(stats.toString());
  });`;

it('next: webpack with its configuration emits the model of 16 bits, which the build of Vite has left in the cache', () => {
  writeFileSync(join(folder, 'vite/next.mjs'), nextBuild);
  run('vite', 'next.mjs');
  expect(bytes('next/out/static/media/model.onnx')).toBeLessThan(0.6 * bytes('next', 'model.onnx'));
  const built = readFileSync(join(folder, 'next/out/main.js'), 'utf8');
  expect(built).toContain('static/media/model.onnx');
  expect(built).toContain('input_ids');
});
