/** Processes that write: killed, and two at once. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { numbersOf, tensorOf } from '../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../src/ir/tensors/tensor.js';
import { bundle, start } from '../onnx/child.js';
import { temporaryFolder } from '../onnx/malformed.js';
import { runModel } from '../run-model.js';
import { contents, empty, model, numberAt, sha256, write } from './sets.js';

const folder = temporaryFolder();
const options = { externalData: true, contract: true };

/** Writes `times` models that add `number`, and those after; ends at a call of the file system, if there is one of that number. */
let writer: string;
beforeAll(async () => {
  writer = await bundle(
    folder,
    'writer',
    `import { watching } from './test/disk/calls.js';
    import { model, write } from './test/disk/sets.js';
    const [path, number, times, last] = process.argv.slice(2);
    const job = async () => {
      for (let i = 0; i < Number(times); i++) await write(model(Number(number) + 2 * i), path, ${JSON.stringify(options)});
    };
    watching(job, (call) => call === Number(last) && process.kill(process.pid, 'SIGKILL')).then(({ calls, error }) => {
      if (error) throw error;
      console.log(calls);
    });`,
  );
});

it('one that is killed leaves what was there, or all that it wrote', async () => {
  const place = empty(join(folder, 'killed'));
  const path = join(place, 'model.onnx');
  const run = (last: number) =>
    spawnSync(process.execPath, [writer, path, '2', '1', String(last)], { encoding: 'utf8' });
  const calls = Number(run(0).stdout);
  const x = tensorOf('float32', new Array(400).fill(0));
  let most = 0;
  for (let at = calls - 1; at > 0; at -= Math.ceil(calls / 6)) {
    // The next write takes away what a killed one left.
    const { files } = await write(model(1), path, options);
    expect(Object.keys(contents(place)).sort()).toEqual([...files.map((file) => basename(file)), 'model.json'].sort());
    expect(run(at).signal).toBe('SIGKILL');
    most = Math.max(most, Object.keys(contents(place)).length);
    const number = await numberAt(path);
    expect([1, 2]).toContain(number);
    const { y } = await runModel(path, { x });
    expect(numbersOf(y as Tensor)[0]).toBe(number);
  }
  expect(most).toBeGreaterThan(3);
});

it('two to one path take turns: what is there is always of one', async () => {
  const place = empty(join(folder, 'two'));
  const path = join(place, 'model.onnx');
  await write(model(1), path, options);
  const writers = ['1', '2'].map((number) => start(writer, path, number, '8', '0'));
  const ends = writers.map((one) => once(one, 'exit'));
  let isOver = false;
  const over = Promise.all(ends).finally(() => {
    isOver = true;
  });
  while (!isOver) {
    // A reader that comes from a model of before may find its data gone, never changed.
    const number = await numberAt(path).catch((error: Error) => {
      expect(error.message).toContain('nothing there');
      return 0;
    });
    expect(number % 1).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  expect((await over).map(([code]) => code)).toEqual([0, 0]);
  expect([15, 16]).toContain(await numberAt(path));
  expect(readFileSync(join(place, 'model.json'), 'utf8')).toBe(sha256(path));
  expect(Object.keys(contents(place))).toHaveLength(3);
});
