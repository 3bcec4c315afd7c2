import { afterAll, beforeAll, expect, it } from 'vitest';
import { optimizeFile } from '../src/index.js';
import type { ProgressEstimate } from '../src/ir/text/progress.js';
import { RewriteChecker } from '../src/run/verify/rewrite-checker.js';
import type { Verifier } from '../src/run/verify/verifier.js';
import { tinyModel, Workplace } from './cli/run-cli.js';

let place: Workplace;
beforeAll(async () => {
  place = new Workplace();
  await place.write(tinyModel());
});
afterAll(() => place.remove());

it('tells each step, and of the bytes written which share they are', async () => {
  const said: [string, number | undefined][] = [];
  await optimizeFile(place.path('model.onnx'), 'simplify', {
    ...{ target: 'cpu', validate: false },
    onProgress: (text, estimate) => said.push([text, estimate?.share]),
  });
  expect([...new Set(said.map(([text]) => text))]).toEqual([
    'reading',
    '1/1 simplify: inferring types',
    '1/1 simplify: running',
    'writing',
  ]);
  const shares = said.flatMap(([text, share]) => (text === 'writing' && share !== undefined ? share : []));
  expect([shares.at(-1), [...shares].sort((a, b) => a - b)]).toEqual([1, shares]);
});

it('tells how many of the rewrites have been run, and of none twice', async () => {
  const cuts = new Map(['a', 'b', 'c', 'd'].map((key) => [key, { key, rule: key } as never]));
  const checker = new RewriteChecker({
    rewrite: async () => ({ outcome: 'accepted', detail: '' }),
  } as never as Verifier);
  const told: ProgressEstimate[] = [];
  const rewrites = { cuts, count: 4, uncut: [] };
  await checker.check(rewrites, 'exact', (estimate) => told.push(estimate));
  await checker.check(rewrites, 'exact', (estimate) => told.push(estimate));
  expect(told).toEqual([{ share: 0.25 }, { share: 0.5 }, { share: 0.75 }]);
});
