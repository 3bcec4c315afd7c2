/** Many damaged copies of a model: each is read or refused with a ModelError, and what was read can be printed and written. */
import { describe, expect, it } from 'vitest';
import { ModelError } from '../../src/ir/text/errors.js';
import { printModel } from '../../src/ir/whole-model/print.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { generator } from '../check-pass.js';
import { concat, field, floats, info, int64s, modelBytes, node } from './bytes.js';

/** A model with one of everything that the reader takes apart. */
const whole = modelBytes(
  {
    producerName: 'fuzz',
    metadataProps: [{ key: 'k', value: 'v' }],
    functions: [
      {
        name: 'f',
        domain: 'd',
        input: ['i'],
        output: ['o'],
        attribute: ['a'],
        attributeProto: [{ name: 'b', type: 1, f: 2 }],
        node: [node('LeakyRelu', ['i'], ['o'], { attribute: [{ name: 'alpha', refAttrName: 'a', type: 1 }] })],
        opsetImport: [{ domain: '', version: 17 }],
        valueInfo: [info('o')],
      },
    ],
  },
  {
    initializer: [
      floats('w', new Array(300).fill(0.5), [2, 150]),
      int64s('shape', [2, 150]),
      { name: 'bits', dims: [2000], dataType: 7, int64Data: Array.from({ length: 2000 }, (_, i) => i) },
      { name: 'raw', dims: [400], dataType: 1, rawData: new Uint8Array(1600) },
      { name: 'half', dims: [3], dataType: 10, int32Data: [1, 2, 3] },
      { name: 'text', dims: [1], dataType: 8, stringData: [Uint8Array.of(104, 105)] },
    ],
    sparseInitializer: [{ values: floats('s', [1, 2]), indices: int64s('', [0, 3]), dims: [4] }],
    input: [info('x'), info('c', 9, [])],
    node: [
      node('Constant', [], ['k'], { attribute: [{ name: 'value_ints', type: 7, ints: [1, -1] }] }),
      node('f', ['x'], ['fx'], { domain: 'd', attribute: [{ name: 'a', type: 1, f: 1 }] }),
      node('If', ['c'], ['y'], {
        name: 'if',
        attribute: ['then_branch', 'else_branch'].map((name) => ({
          name,
          type: 5,
          g: {
            name,
            initializer: [floats('one', [1])],
            node: [node('Add', ['fx', 'one'], ['sum'])],
            output: [info('sum')],
          },
        })),
      }),
    ],
    valueInfo: [info('fx'), { name: 'k', type: { sequenceType: { elemType: { tensorType: { elemType: 7 } } } } }],
  },
);

function randomFrom(seed: number): (below: number) => number {
  const random = generator(seed);
  return (below) => Math.floor(random() * below);
}

/** One damage: flipped bits, a cut, a piece copied over another, a piece left out, a byte of all ones, a field put in. */
function mutate(bytes: Uint8Array, random: (below: number) => number): Uint8Array {
  const at = random(bytes.length);
  const length = 1 + random(40);
  const copy = bytes.slice();
  switch (random(6)) {
    case 0:
      for (let i = 0; i <= random(4); i++) {
        const bit = random(copy.length * 8);
        copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
      }
      return copy;
    case 1:
      return copy.subarray(0, at);
    case 2:
      copy.set(bytes.subarray(at, at + length), random(bytes.length - length));
      return copy;
    case 3:
      return concat(copy.subarray(0, at), copy.subarray(at + length));
    case 4:
      copy[at] = 255;
      return copy;
    default:
      return concat(copy.subarray(0, at), field(1 + random(30), copy.subarray(at, at + length)), copy.subarray(at));
  }
}

describe('damaged copies of a model', () => {
  it('are read and written, or refused in one line', async () => {
    const random = randomFrom(20260);
    const outcomes = { read: 0, refused: 0 };
    await readModel(await writeModel(await readModel(whole)));
    for (let i = 0; i < 1500; i++) {
      const bytes = mutate(i % 3 ? whole : mutate(whole, random), random);
      const model = await readModel(bytes).catch((error: unknown) => {
        if (!(error instanceof ModelError)) throw new Error(`mutation ${i}: ${(error as Error).stack}`);
        expect(error.message).not.toMatch(/undefined|\n/);
      });
      if (model) {
        printModel(model);
        const written = await writeModel(model);
        expect(Buffer.compare(await writeModel(await readModel(written)), written)).toBe(0);
      }
      outcomes[model ? 'read' : 'refused']++;
    }
    expect(outcomes.read).toBeGreaterThan(250);
    expect(outcomes.refused).toBeGreaterThan(250);
  });
});
