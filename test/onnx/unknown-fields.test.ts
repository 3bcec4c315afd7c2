/** Fields that no version of ONNX we know defines: they come back byte for byte, wherever they stand. */
import { describe, expect, it } from 'vitest';
import { tensorOf } from '../../src/ir/tensors/numbers.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { concat, field, floats, info, int64s, modelBytes, node, utf8 } from './bytes.js';

/** An unknown field of every wire type, with a mark to find it by. */
const unknown = (mark: string) => ({
  $unknowns: [
    field(1000, utf8(mark)),
    field(1001, 2n ** 63n),
    concat([0xd5, 0x3e], utf8(mark.slice(0, 4).padEnd(4))),
    // A group, 1003, with a field and a group in it.
    concat([0xdb, 0x3e], field(1, utf8(mark)), [0x13, 0x14, 0xdc, 0x3e]),
  ],
});

const marks = [
  'model',
  'graph',
  'node',
  'attribute',
  'tensor',
  'input',
  'output',
  'valueinfo',
  'type',
  'shape',
  'dim',
  'function',
  'functionnode',
  'functionattribute',
  'default',
  'functionvalue',
  'body',
  'bodynode',
  'bodytensor',
  'constantnode',
  'constantattribute',
  'constanttensor',
  'sparse',
  'sparsevalues',
  'sparseindices',
  'long',
  'attributetensor',
  'sequence',
  'reference',
] as const;
type Mark = (typeof marks)[number];
const at = (mark: Mark) => unknown(mark);

const typed = (name: string) => ({ ...info(name) });
const bytes = modelBytes(
  {
    ...at('model'),
    functions: [
      {
        name: 'f',
        domain: 'd',
        input: ['i'],
        output: ['o'],
        attribute: ['a'],
        attributeProto: [{ name: 'b', type: 1, f: 2, ...at('default') }],
        node: [
          node('LeakyRelu', ['i'], ['o'], {
            ...at('functionnode'),
            attribute: [{ name: 'alpha', refAttrName: 'a', type: 1, ...at('reference') }],
          }),
          node('Selu', ['i'], ['q'], { attribute: [{ name: 'alpha', type: 1, f: 1, ...at('functionattribute') }] }),
        ],
        opsetImport: [{ domain: '', version: 17 }],
        valueInfo: [{ ...info('o'), ...at('functionvalue') }],
        ...at('function'),
      },
    ],
  },
  {
    ...at('graph'),
    initializer: [
      { ...floats('w', [1, 2]), ...at('tensor') },
      { ...floats('long', new Array(1000).fill(1)), ...at('long') },
    ],
    sparseInitializer: [
      {
        values: { ...floats('s', [1]), ...at('sparsevalues') },
        indices: { ...int64s('i', [1]), ...at('sparseindices') },
        dims: [2],
        ...at('sparse'),
      },
    ],
    input: [{ ...typed('x'), ...at('input') }, info('c', 9, [])],
    output: [{ ...typed('y'), ...at('output') }],
    valueInfo: [
      {
        name: 'r',
        type: {
          tensorType: { elemType: 1, shape: { dim: [{ dimValue: 2, ...at('dim') }], ...at('shape') } },
          ...at('type'),
        },
        ...at('valueinfo'),
      },
      { name: 'q', type: { sequenceType: { elemType: { tensorType: { elemType: 1 } }, ...at('sequence') } } },
    ],
    node: [
      node('Constant', [], ['k'], {
        ...at('constantnode'),
        attribute: [
          { name: 'value', type: 4, t: { ...floats('t', [1]), ...at('constanttensor') }, ...at('constantattribute') },
        ],
      }),
      node('Relu', ['x'], ['r'], { ...at('node'), attribute: [{ name: '__a', type: 1, f: 1, ...at('attribute') }] }),
      node('Odd', ['r'], ['q'], {
        attribute: [{ name: 't', type: 4, t: { ...floats('t', [1]), ...at('attributetensor') } }],
      }),
      node('Fork', ['c'], ['y'], {
        attribute: [
          {
            name: 'then_branch',
            type: 5,
            g: {
              name: 'then',
              initializer: [{ ...floats('one', [1]), ...at('bodytensor') }],
              node: [node('Add', ['r', 'one'], ['z'], at('bodynode'))],
              output: [info('z')],
              ...at('body'),
            },
          },
        ],
      }),
    ],
  },
);

const has = (whole: Uint8Array, part: Uint8Array): boolean => Buffer.from(whole).includes(Buffer.from(part));

describe('unknown fields', () => {
  it('are written back: not a byte more or less', async () => {
    const written = await writeModel(await readModel(bytes));
    // Fields of one message may change places: a long one is put back at its end.
    expect(written.length).toBe(bytes.length);
    expect([...written].sort()).toEqual([...bytes].sort());
  });

  it.each(marks)('of a %s survive an edit elsewhere', async (mark) => {
    expect(has(bytes, concat(...unknown(mark).$unknowns))).toBe(true);
    const model = await readModel(bytes);
    const { graph } = model;
    const [first] = graph.nodes();
    graph.setAttribute(first as NonNullable<typeof first>, 'added', 1);
    graph.add('Add', [graph.inputs[0], graph.constant(tensorOf('float32', [1, 1]))]);
    expect(has(await writeModel(model), concat(...unknown(mark).$unknowns))).toBe(true);
  });
});
