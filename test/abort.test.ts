import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  bisect,
  buildModel,
  closeRuntime,
  derivedTensor,
  optimize,
  optimizeFile,
  validate,
  writeModel,
} from '../src/index.js';
import { type LeftoverEvent, overseenBy } from '../src/leftovers.js';
import { tinyModel, Workplace } from './cli/run-cli.js';
import { slowBudget, slowModel } from './slow-model.js';

/** What lives now: child processes, and paths that are temporary. */
const living = new Set<number | string>();
let starts = 0;
overseenBy({
  enter() {},
  leave() {},
  tell(event: LeftoverEvent) {
    if (event.kind === 'started') starts++;
    if (event.kind === 'started') living.add(event.pid);
    else if (event.kind === 'ended') living.delete(event.pid);
    else if (event.kind === 'temporary') living.add(event.path);
    else if (event.kind === 'gone') living.delete(event.path);
  },
});

let place: Workplace;
beforeAll(async () => {
  place = new Workplace();
  await place.write(tinyModel());
  await place.write(slowModel(), 'slow.onnx');
});
afterAll(async () => {
  await closeRuntime();
  place.remove();
  overseenBy({ enter() {}, leave() {}, tell() {} });
});

it.each<[string, (signal: AbortSignal) => Promise<unknown>]>([
  ['optimize', (signal) => optimize(tinyModel(), 'simplify', { signal })],
  ['optimizeFile', (signal) => optimizeFile(place.path('none.onnx'), 'simplify', { signal })],
  ['validate', (signal) => validate(place.path('none.onnx'), tinyModel(), { fidelity: 'exact', signal })],
  ['bisect', (signal) => bisect(place.path('none.onnx'), tinyModel(), { signal })],
])('%s does nothing for a signal that is aborted', async (_name, work) => {
  starts = 0;
  const reason = new Error('enough');
  await expect(work(AbortSignal.abort(reason))).rejects.toBe(reason);
  await expect(work(AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  expect(starts).toBe(0);
});

it.each([
  'reading',
  '1/1 simplify: running',
  '1/1 simplify: verifying',
  'comparing with the original on cpu',
  'writing',
])('ends at "%s", and leaves nothing', async (step) => {
  const before = place.files;
  const controller = new AbortController();
  const reason = new Error(step);
  const found = optimizeFile(place.path('model.onnx'), 'simplify', {
    ...{ target: 'cpu', verify: 'pass', out: place.path('out.onnx'), signal: controller.signal },
    onProgress: (text) => {
      if (text === step) controller.abort(reason);
    },
  });
  await expect(found).rejects.toBe(reason);
  expect([...living]).toEqual([]);
  expect(place.files).toEqual(before);
});

it.each([false, true])('ends the writing of weights, to a file of their own: %s', async (externalData) => {
  const [before, MB] = [place.files, 2 ** 20];
  const controller = new AbortController();
  let chunks = 0;
  const weights = derivedTensor('uint8', [64, MB], function* () {
    for (; chunks < 64; chunks++) {
      yield new Uint8Array(MB);
      if (chunks === 3) setImmediate(() => controller.abort());
    }
  });
  const model = buildModel({ '': 17 }, (g) => g.output('y', g.constant(weights), 'uint8', [64, MB]));
  const writing = writeModel(model, place.path('large.onnx'), { externalData, signal: controller.signal });
  await expect(writing).rejects.toMatchObject({ name: 'AbortError' });
  expect(chunks).toBeLessThan(64);
  expect([...living]).toEqual([]);
  expect(place.files).toEqual(before);
});

it('ends a run in native code, and no work but its own', async () => {
  const controller = new AbortController();
  const path = place.path('slow.onnx');
  const slow = validate(path, path, {
    ...{ fidelity: 'exact', provider: 'cpu', budget: slowBudget, signal: controller.signal },
    onProgress: (text) => {
      if (text.includes('running the original')) setTimeout(() => controller.abort(), 500);
    },
  });
  const other = optimize(tinyModel(), 'simplify', { target: 'cpu', verify: 'pass' });
  await expect(slow).rejects.toMatchObject({ name: 'AbortError' });
  expect((await other).report.passes.map(({ status }) => status)).toEqual(['applied']);
  await closeRuntime();
  expect([...living]).toEqual([]);
});

it('says nothing of a signal that is aborted later', async () => {
  const controller = new AbortController();
  const { report } = await optimize(tinyModel(), 'simplify', { target: 'cpu', signal: controller.signal });
  controller.abort();
  expect(report.passes[0]?.status).toBe('applied');
  expect([...living]).toEqual([]);
});
