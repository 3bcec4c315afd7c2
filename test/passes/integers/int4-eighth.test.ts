/** The preset `eighth`: an eighth of the file where weights are of products, and more bits where 4 are too few. */
import { expect, it } from 'vitest';
import { decoder } from '../../../fixtures/decoder.js';
import { encoder } from '../../../fixtures/encoder.js';
import { buildModel } from '../../../src/ir/build.js';
import { numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import { writeModel } from '../../../src/onnx/write.js';
import { optimize } from '../../../src/optimize.js';
import { opCounts, randomWeights } from '../../check-pass.js';

const sizes = { layers: 1, hidden: 128, intermediate: 512, vocabulary: 1500, seed: 1 };

it.each([
  ['an encoder', encoder({ ...sizes, heads: 4, positions: 64 })],
  ['a decoder', decoder({ ...sizes, heads: 4, kvHeads: 2 })],
])('%s is an eighth of its file, and the scales', async (_name, before) => {
  const { model } = await optimize(before, 'eighth', { verify: 'none', target: 'cpu' });
  const [from, to] = [await writeModel(before), await writeModel(model)];
  expect(to.length / from.length).toBeLessThan(0.16);
});

/** A product in 4 bits, and two whose results are nearly the same: of their difference little is left but errors. */
function withFragilePair() {
  const w = randomWeights([128, 128], 0.3, 1);
  const close = numbersOf(randomWeights([128, 128], 0.03, 2)).map((one, at) => one + (numbersOf(w)[at] as number));
  return buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', [8, 128]);
    const [a, b] = [w, tensorOf('float32', close, [128, 128])].map((weight, at) =>
      g.op('MatMul', [x, g.constant(weight, `near${at}`)]),
    );
    g.output('difference', g.op('Sub', [a as never, b as never]));
    g.output('other', g.op('MatMul', [g.op('Tanh', [x]), g.constant(randomWeights([128, 64], 0.3, 3), 'other')]));
  });
}

it('stores in 8 bits what 4 break, and says so', async () => {
  const { model, report } = await optimize(withFragilePair(), 'eighth', { verify: 'pass', target: 'cpu' });
  expect(opCounts(model)['com.microsoft.MatMulNBits']).toBe(1);
  const typeOf = new Map([...model.graph.constants].map(({ name, elem }) => [name, elem]));
  expect([typeOf.get('near0'), typeOf.get('near1'), typeOf.get('other_4bit')]).toEqual(['int8', 'int8', 'uint8']);
  const notesOf = (name: string) =>
    report.passes
      .find((pass) => pass.name === name)
      ?.notes.map(({ text }) => text)
      .join();
  expect(notesOf('int4')).toContain('kept from 2 of 3 places, where it breaks its gate');
  expect(notesOf('int8')).toContain('weights stored as int8 and computed with as floats: 2');
});

it('leaves it in float where int4 is alone, and names what stores it in 8 bits', async () => {
  const { report } = await optimize(withFragilePair(), 'int4', { verify: 'pass', target: 'cpu' });
  const reason = 'int4 breaks the accuracy gate here; int8:compute=false behind int4 stores it in 8 bits';
  expect(report.passes[0]?.skips).toMatchObject([{ reason, count: 2 }]);
});
