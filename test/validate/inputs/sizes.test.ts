/** Sizes of open dims that belong together though the file names them otherwise. */
import { expect, it } from 'vitest';
import { seq2seqDecoder } from '../../../fixtures/seq2seq.js';
import { shapesOf, sizeChoices } from '../../../src/validate/inputs/sizes.js';

it("an encoder's mask is as long as its cache, which exporters name apart, and not as the decoder's text", () => {
  const size = { layers: 1, hidden: 32, heads: 2, intermediate: 32, vocabulary: 64, positions: 16, seed: 3 };
  const model = seq2seqDecoder('decoder with past', size);
  for (const choice of sizeChoices) {
    const shapes = shapesOf(model, choice);
    expect(shapes.get('encoder_attention_mask')).toEqual([choice.batch, choice.encoder]);
    expect(shapes.get('past_key_values.0.encoder.key')).toEqual([choice.batch, 2, choice.encoder, 16]);
  }
});
