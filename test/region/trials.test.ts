/** What int8 decides by running the model, and by the bytes of its file, is decided alike whether repeats are compiled once or each by itself. */
import { describe, expect, it } from 'vitest';
import type { Model } from '../../src/ir/model.js';
import { writeModel } from '../../src/onnx/write.js';
import { optimize } from '../../src/optimize.js';
import { randomWeights } from '../check-pass.js';
import { block, chain, type Layer, WIDTH } from './chains.js';

const INNER = 64;

/** Twelve layers; `size` of their weights: from large ones the rounding of activations grows from layer to layer. */
function layers(size: number): Model {
  const layer: Layer = (g, x, at) => {
    const own = (name: string, shape: number[], seed: number) =>
      g.constant(randomWeights(shape, size, 3 * at + seed), `layer.${at}.${name}`);
    return block(g, x, at, { w: own('w', [WIDTH, INNER], 0), b: own('b', [INNER], 1), v: own('v', [INNER, WIDTH], 2) });
  };
  return chain(layer, 12);
}

const COSTLY = /their activations would cost an error of 0\.\d+/;
const WIDE = /24 × it has 16 bits, as the file has room for them/;

describe('int8 of twelve layers', () => {
  it.each([
    ['computes in 8 bits', 0.05, 'int8:compute=auto:minElements=100', undefined],
    ['stores 8 bits where activations would cost too much', 2, 'int8:compute=auto:minElements=100', COSTLY],
    ['stores 16 bits where the file has room for all', 2, 'int8:compute=false:minElements=100:share=0.7', WIDE],
  ])('%s', async (_name, size, pass, note) => {
    const results = [];
    for (const regional of [true, false]) {
      const { model, report } = await optimize(layers(size), pass, { target: 'cpu', verify: 'rewrite', regional });
      const notes = report.passes.flatMap(({ notes, skips }) => [
        ...notes.map(({ text }) => text),
        ...skips.map(({ count, reason }) => `${count} × ${reason}`),
      ]);
      results.push({ file: Buffer.from(await writeModel(model)), notes, repeats: report.repeats ?? [] });
    }
    const [once, whole] = results as [(typeof results)[0], (typeof results)[0]];
    expect(once.repeats.map(({ once, reason }) => [once > 0, reason])).toEqual([[true, undefined]]);
    expect(once.notes).toEqual(whole.notes);
    if (note) expect(once.notes.join('\n')).toMatch(note);
    else expect(once.notes.join('\n')).not.toMatch(COSTLY);
    expect(Buffer.compare(once.file, whole.file), 'the bytes of the file').toBe(0);
  });

  it('compiles each by itself where 16 bits are for some of the equal weights alone', async () => {
    const { report } = await optimize(layers(0.3), 'int8:compute=false:minElements=100:share=0.45', {
      target: 'cpu',
      verify: 'none',
      regional: true,
    });
    expect(report.repeats?.[0]?.reason).toContain('int8 has each compiled by itself');
  });
});
