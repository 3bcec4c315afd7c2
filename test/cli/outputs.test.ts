import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { contractSchema } from '../../src/contract/contract.js';
import { buildModel } from '../../src/ir/build.js';
import { tensorType } from '../../src/ir/types.js';
import { Workplace } from './run-cli.js';

let place: Workplace;
beforeEach(async () => {
  place = new Workplace();
  await place.write(
    buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [3]);
      g.output('s', g.op('SequenceConstruct', [g.op('Neg', [x]), x]), {
        kind: 'sequence',
        elem: tensorType('float32'),
      });
      g.output('y', g.op('Abs', [x]));
    }),
  );
});
afterEach(() => place.remove());

const run = (...words: string[]) => place.run(['model.onnx', '-o', 'out.onnx', '--quiet', '--no-speed', ...words]);

it('--outputs brings flatten-outputs, which writes the contract beside the result', async () => {
  expect(await run('--passes', 'simplify', '--outputs', 's')).toMatchObject({ status: 0, stderr: '' });
  expect(place.files).toEqual(['model.onnx', 'out.contract.json', 'out.d.ts', 'out.onnx']);
  const contract = contractSchema.parse(JSON.parse(readFileSync(place.path('out.contract.json'), 'utf8')));
  expect(contract.outputs.map(({ name }) => name)).toEqual(['s.0', 's.1']);
});

it('--outputs needs no other pass', async () => {
  expect(await run('--outputs', 'y')).toMatchObject({ status: 0, stderr: '' });
  expect(place.files).toEqual(['model.onnx', 'out.contract.json', 'out.d.ts', 'out.onnx']);
});

it('says what is wrong with --outputs in one line', async () => {
  expect((await run('--passes', 'simplify', '--outputs', 'z')).stderr).toMatch(/^error: .*unknown output "z".*s, y\n$/);
  expect((await run('--passes', 'simplify', '--outputs', ' , ')).stderr).toBe(
    'error: --outputs: expected a,b,…; found " , "\n',
  );
  expect(place.files).toEqual(['model.onnx']);
});

it('writes no contract where it is told not to', async () => {
  expect(await run('--passes', 'return-tuple', '--no-contract', '--no-validate')).toMatchObject({
    status: 0,
    stderr: '',
  });
  expect(place.files).toEqual(['model.onnx', 'out.onnx']);
});
