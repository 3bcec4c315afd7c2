/** A job edits the model that it has read where nobody else reads it, and its file is that of the library, which edits a copy. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { encoder } from '../../fixtures/encoder.js';
import { buildModel } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import { optimizeFile } from '../../src/job/optimize-file.js';
import { optimizeVariants } from '../../src/job/variants.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { optimize } from '../../src/optimize.js';

const layers = (count: number): Model =>
  encoder({
    layers: count,
    hidden: 16,
    heads: 2,
    intermediate: 32,
    vocabulary: 20,
    positions: 8,
    seed: 0,
    norm: 'decomposed',
  });

/** Nodes that nothing reads, and a body that reads what is outside. */
const littered = buildModel({ '': 17 }, (g) => {
  const x = g.input('x', 'float32', ['n', 4]);
  g.op('Tanh', [x]);
  const body = (op: string) => g.body(op, (inner) => inner.output('o', inner.op(op, [inner.op('Identity', [x])])));
  const chosen = g.op('If', [g.input('chosen', 'bool', [])], { then_branch: body('Tanh'), else_branch: body('Relu') });
  g.output('y', g.op('Add', [chosen, g.op('Mul', [x, g.constant('float32', 1)])]), 'float32', ['n', 4]);
});

const folder = mkdtempSync(join(tmpdir(), 'own-model-'));
const input = join(folder, 'model.onnx');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

for (const [name, model] of Object.entries({ littered, two: layers(2) }))
  it(`writes the same file of the model ${name}`, async () => {
    await writeModel(model, input);
    const out = join(folder, `${name}.onnx`);
    const report = await optimizeFile(input, 'exact', { out, validate: false, target: 'cpu' });
    const copied = await optimize(await readModel(input), 'exact', { verify: 'none', target: 'cpu' });
    expect(report.passes.map(({ status, nodes }) => [status, nodes])).toEqual(
      copied.report.passes.map(({ status, nodes }) => [status, nodes]),
    );
    expect(readFileSync(out).equals(await writeModel(copied.model))).toBe(true);
  });

it('leaves the model alone that several variants start from', async () => {
  await writeModel(littered, input);
  const out = join(folder, 'variants');
  await optimizeVariants(input, ['a=exact', 'b=simplify'], { out, validate: false, target: 'cpu' });
  for (const [name, passes] of [
    ['a', 'exact'],
    ['b', 'simplify'],
  ] as const) {
    const copied = await optimize(await readModel(input), passes, { verify: 'none', target: 'cpu' });
    expect(
      readFileSync(join(out, `model${name === 'a' ? '_a' : '_b'}.onnx`)).equals(await writeModel(copied.model)),
    ).toBe(true);
  }
});
