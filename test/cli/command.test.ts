/** The built command prints and exits like its parts in one process, which is how the other tests run them. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tinyModel, Workplace } from './run-cli.js';

let place: Workplace;
beforeAll(async () => {
  place = new Workplace();
  await place.write(tinyModel(64));
});
afterAll(() => place.remove());

const proven = ['model.onnx', '--target', 'cpu', '--no-speed', '-q'];

/** Removes the number of made-up sets of inputs, which depends on time. */
const told = ({ stderr, ...rest }: { stderr: string }) => ({
  ...rest,
  stderr: stderr.replace(/\d+ made-up/, 'made-up'),
});

it.each<[number, string[]]>([
  [0, ['--help']],
  [1, []],
  [0, ['inspect', 'model.onnx', '--values']],
  [0, ['explain', 'model.onnx']],
  [0, ['bisect', 'model.onnx', 'model.onnx']],
  [0, ['diff', 'model.onnx', 'model.onnx']],
  [0, ['compare', 'model.onnx', ...proven]],
  [2, [...proven, '--passes', 'bf16', '--max-error', '1e-9', '--verify', 'none', '--force']],
  [5, [...proven, '--passes', 'bf16', '--max-error', '1e-9', '--require', 'bf16']],
  [1, ['model.onnx', '--passes', 'simplfy']],
])('exit code %d: optimize %j', async (status, words) => {
  const found = place.spawn(words);
  expect(told(found)).toEqual(told(await place.run(words)));
  expect(found.status).toBe(status);
});
