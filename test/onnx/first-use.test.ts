/** Where weights lie in a data file. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { buildModel, numbersOf, readModel, type Tensor, tensorOf, writeModel } from '../../src/index.js';
import { temporaryFolder } from './malformed.js';

const folder = temporaryFolder();

it('weights lie in the order that a run comes to them, those of bodies too, and one that is read twice lies there once', async () => {
  const path = join(folder, 'first-use.onnx');
  const filled = (value: number) => tensorOf('float32', new Float32Array(1024).fill(value), [1024]);
  const model = buildModel({ '': 17 }, (g) => {
    const [last, third, first] = [3, 2, 0].map((value) => g.constant(filled(value), `w${value}`));
    const twice = filled(1);
    let y = g.op('Add', [g.input('x', 'float32', [1024]), first]);
    y = g.op('Mul', [y, g.constant(twice, 'w1')]);
    const branch = (name: string) =>
      g.body(name, (b) => b.output('z', b.op('Sub', [y, b.op('Add', [third, b.constant(twice, 'again')])])));
    y = g.op('If', [g.input('c', 'bool', [])], { then_branch: branch('then'), else_branch: branch('else') });
    g.output('y', g.op('Add', [y, last]), 'float32', [1024]);
  });
  const { files } = await writeModel(model, path, { externalData: true });
  const data = readFileSync(files[1] as string);
  expect(data.length).toBe(4 * 4096);
  expect([0, 1, 2, 3].map((i) => data.readFloatLE(i * 4096))).toEqual([0, 1, 2, 3]);
  expect(
    numbersOf([...(await readModel(path)).graph.constants].find(({ name }) => name === 'w2')?.tensor as Tensor)[0],
  ).toBe(2);
});
