import { describe, expect, it } from 'vitest';
import type { Model } from '../../../src/ir/model.js';
import type { Value } from '../../../src/ir/value.js';
import { findBlocks } from '../../../src/region/blocks/index.js';
import * as architectures from './blocks-architectures.js';
import { checkContract, found, sizes } from './blocks-contract.js';
import { LAYER, layers, model, random, shuffled, WIDTH } from './blocks-models.js';

const { resnet, unet, mixtureOfExperts, stages, t5, parallel, encoderDecoder } = architectures;
const { alternating, dualStream, layerScale, mamba, translator, unrolledScan } = architectures;

/** Architectures with their blocks as `count × nodes`, the block that covers most nodes first. */
const cases: readonly (readonly [string, Model, readonly string[]])[] = [
  ['one layer', model(layers(1)), []],
  ['two layers', model(layers(2)), [`2 × ${LAYER}`]],
  ['48 layers', model(layers(48)), [`48 × ${LAYER}`]],
  ['a first layer that computes the bias of all', t5(3), ['3 × 21']],
  ['12 of these', t5(12), ['12 × 21']],
  ['attention and feed-forward part side by side', parallel(2), ['2 × 21']],
  ['48 of these', parallel(48), ['48 × 21']],
  ['a scale after each part', layerScale(3), ['3 × 23']],
  ['a gated convolution and a scan', mamba(3), ['3 × 24']],
  ['an encoder and a decoder of as many layers', encoderDecoder(6, 6), ['6 × 36', `6 × ${LAYER}`]],
  ['a short encoder', encoderDecoder(2, 4), ['4 × 36', `2 × ${LAYER}`]],
  ['a short decoder', encoderDecoder(12, 3), [`12 × ${LAYER}`, '3 × 36']],
  ['an encoder that is like a part of its decoder', translator(4, 4), ['4 × 39', '4 × 23']],
  ['a long decoder of these', translator(2, 5), ['5 × 39', '2 × 23']],
  ['more layers of these', translator(6, 6), ['6 × 39', '6 × 23']],
  ['a long encoder before a short decoder of these', translator(12, 3), ['12 × 23', '3 × 39']],
  ['a longer one', translator(24, 2), ['24 × 23', '2 × 39']],
  ['a scan of 12 steps in each layer', unrolledScan(3, 12), ['3 × 108']],
  ['a scan of 40 steps in each layer', unrolledScan(6, 40), ['6 × 332']],
  ['two masks in turn', alternating(26, 2), [`26 × ${LAYER}`]],
  ['another mask for every sixth layer', alternating(26, 6), [`26 × ${LAYER}`]],
  ['joint blocks of two streams, then blocks of one', dualStream(3, 5), ['3 × 53', '5 × 25']],
  ['two joint blocks alone', dualStream(2, 0), ['2 × 53']],
  ['few experts in each layer', mixtureOfExperts(6, 2), ['6 × 36']],
  ['many experts in each layer', mixtureOfExperts(3, 16), ['3 × 162']],
  ['equal layers in equal stages', stages(3, 2), [`3 × ${2 * LAYER + 32}`]],
];

describe('the blocks of an architecture', () => {
  it.each(cases)('are its layers: %s', (_, of, expected) => {
    expect(sizes(found(of))).toEqual(expected);
    expect(sizes(found(shuffled(of)))).toEqual(expected);
  });

  it('are as many as a stage has, for each width; the first of a stage, which is unlike, aside', () => {
    const counts = (of: Model) => sizes(found(of)).map((size) => size.split(' ')[0]);
    expect(counts(resnet([3, 4, 6, 3]))).toEqual(['5', '3', '3', '2']);
    expect(counts(resnet([2, 2, 2, 2]))).toEqual(['2', '2', '2', '2']);
  });

  it('hold together what stands side by side and reads one value, whatever follows it', () => {
    const three = (bySource: boolean) =>
      model((g, x, _, w) => {
        const part = (value: Value) =>
          g.op('Relu', [g.op('Add', [g.op('MatMul', [value, w(WIDTH, WIDTH)]), w(WIDTH)])]);
        const parts = (value: Value) => [0, 1, 2].map(() => part(bySource ? value : x));
        const first = g.op('Max', parts(g.op('Tanh', [x])));
        const start = g.op('Slice', [first, g.ints(0), g.ints(1), g.ints(1)]);
        return g.op('Sum', [first, ...parts(g.op('Sin', [start]))]);
      });
    expect(sizes(found(three(true)))).toEqual(['2 × 9']);
    expect(sizes(found(three(false)))).toEqual(['6 × 3']);
  });

  it('are none of nodes at random, though many of thousands are alike', () => {
    expect(found(random(20_000))).toEqual([]);
  });

  it('are told one by one inside an instance', () => {
    const of = mixtureOfExperts(3, 6);
    const layer = found(of)[0]?.instances[1]?.nodes ?? [];
    const [experts] = findBlocks(of.graph, layer);
    expect(experts?.instances).toHaveLength(6);
    checkContract(of.graph, experts ? [experts] : []);
  });

  it('give what nodes read that were not asked about', () => {
    const of = mixtureOfExperts(3, 6);
    const among = found(of)[0]?.instances[1]?.nodes.filter((node) => !node.is('Add'));
    const outputs = findBlocks(of.graph, among)[0]?.instances.flatMap((one) => one.outputs);
    expect(outputs?.map(({ producer }) => producer?.opType)).toEqual(new Array(6).fill('Mul'));
  });

  it('are those of levels, down and up', () => {
    const blocks = found(unet(4, 3, () => 8));
    expect(sizes(blocks)).toEqual([...new Array(4).fill('3 × 11'), ...new Array(4).fill('3 × 9')]);
  });
});
