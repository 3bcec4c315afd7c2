/** Sizes of open dims that belong together though the file names them otherwise. */
import { afterAll, expect, it } from 'vitest';
import { seq2seqDecoder } from '../../../fixtures/seq2seq.js';
import { buildModel } from '../../../src/ir/build.js';
import { writeModel } from '../../../src/onnx/write.js';
import { closeRuntime } from '../../../src/runtime/evaluate.js';
import { validate } from '../../../src/validate/index.js';
import { shapesOf, sizeChoices } from '../../../src/validate/inputs/sizes.js';

afterAll(closeRuntime);

it("an encoder's mask is as long as its cache, which exporters name apart, and not as the decoder's text", () => {
  const size = { layers: 1, hidden: 32, heads: 2, intermediate: 32, vocabulary: 64, positions: 16, seed: 3 };
  const model = seq2seqDecoder('decoder with past', size);
  for (const choice of sizeChoices) {
    const shapes = shapesOf(model, choice);
    expect(shapes.get('encoder_attention_mask')).toEqual([choice.batch, choice.encoder]);
    expect(shapes.get('past_key_values.0.encoder.key')).toEqual([choice.batch, 2, choice.encoder, 16]);
  }
});

it('smaller sizes are tried where a table of places has few, though larger ones are beyond a budget', async () => {
  const model = buildModel({ '': 17 }, (g) => {
    const image = g.input('latent', 'float32', ['batch', 4, 'height', 'width']);
    const pixels = g.op('Transpose', [g.op('Reshape', [image, g.ints(0, 0, -1)])], { perm: [0, 2, 1] });
    const placed = g.op('Add', [pixels, g.constant('float32', new Array(256).fill(1), [1, 256, 1])]);
    const scores = g.op('MatMul', [placed, g.op('Transpose', [placed], { perm: [0, 2, 1] })]);
    g.output('y', g.op('MatMul', [g.op('Softmax', [scores], { axis: -1 }), placed]));
  });
  const { accuracy } = await validate(model, await writeModel(model), { provider: 'cpu', budgetMs: 200, speed: false });
  expect(accuracy.inputs[0]).toContain('latent[2,4,16,16]');
});
