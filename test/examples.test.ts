/** The examples, in a folder of their own, on the package that is built. Electron's `main.js` alone is not run. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
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
  for (const name of ['onnxruntime-node', 'onnxruntime-web'])
    symlinkSync(join(root, 'node_modules', name), join(packages, name), 'junction');
  for (const name of ['node', 'vite', 'electron']) await writeModel(model, join(folder, name, 'model.onnx'));
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
