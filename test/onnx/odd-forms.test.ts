/** Forms that a file may have and few exporters write: each comes back byte for byte, also where something else was edited. */
import { describe, expect, it } from 'vitest';
import { inferTypes } from '../../src/infer/index.js';
import type {
  AttributeMessage,
  GraphMessage,
  ModelMessage,
  NodeMessage,
  TensorMessage,
} from '../../src/onnx/proto/messages.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { concat, field, floats, info, int64s, modelBytes, node, relu, utf8 } from './bytes.js';
import { edit } from './edit.js';

/** Relu with attributes that it ignores: the reader does not know the op. */
const odd = (...attribute: AttributeMessage[]) => [node('Odd', ['x'], ['y'], { domain: 'd', attribute })];
const initializer = (...tensors: TensorMessage[]): GraphMessage => ({ initializer: tensors });
const long = (count: number) => Array.from({ length: count }, (_, i) => i);
const bits = (...words: number[]) => new Uint8Array(Uint32Array.from(words).buffer);
const stray = { dims: [400], dataType: 1, rawData: new Uint8Array(1600).fill(7) };
const xs = info('x');
const entry = { key: 'k', value: 'v' };

/** A node of raw fields: what messages in JavaScript cannot say. */
const rawNode = (...attributes: Uint8Array[]) =>
  ({
    $unknowns: [
      field(1, utf8('x')),
      field(2, utf8('y')),
      field(4, utf8('Odd')),
      ...attributes.map((one) => field(5, one)),
    ],
  }) as NodeMessage;
const nan = (number: number, low: number[]) => concat([number * 8 + 5], low);

const graphs: Record<string, GraphMessage> = {
  'empty strings of a graph': { name: '', docString: '' },
  'empty strings of a node': {
    node: [node('Relu', ['x'], ['y'], { name: '', domain: '', docString: '', overload: '' })],
  },
  'a domain spelled in full': { node: [node('Relu', ['x'], ['y'], { domain: 'ai.onnx' })] },
  'inputs and outputs left out at the end': { node: [node('Odd', ['x', '', ''], ['y', '', ''], { domain: 'd' })] },
  'nodes of one name': {
    node: [node('Neg', ['x'], ['a'], { name: 'n' }), node('Neg', ['a'], ['y'], { name: 'n' })],
  },
  'an output listed twice': { output: [info('y'), info('y')] },
  'an output that is an input': { output: [xs] },
  'ports without a type': { input: [{ name: 'x' }], output: [{ name: 'y', docString: '' }] },
  'ports of types that are none': {
    input: [{ name: 'x', type: {} }],
    output: [{ name: 'y', type: { denotation: 'd' } }],
  },
  'metadata of ports': {
    input: [{ ...xs, docString: 'd', metadataProps: [entry] }],
    output: [{ ...info('y'), docString: '' }],
  },
  'denotations and odd dims': {
    input: [
      {
        name: 'x',
        type: {
          denotation: 'T',
          tensorType: {
            elemType: 1,
            shape: {
              dim: [{ dimParam: 'N', denotation: 'BATCH' }, {}, { dimParam: '' }, { dimValue: { low: -1, high: -1 } }],
            },
          },
        },
      },
    ],
  },
  'dims that read like expressions': {
    input: [
      info('x'),
      {
        name: 'z',
        type: { tensorType: { elemType: 1, shape: { dim: [{ dimParam: '2*N + 1' }, { dimParam: 'N+ 1' }] } } },
      },
    ],
  },
  'a tensor type without an element type': { input: [{ name: 'x', type: { tensorType: {} } }] },
  'maps, sequences, optionals, sparse and opaque types': {
    valueInfo: [],
    input: [
      xs,
      { name: 'm', type: { mapType: { keyType: 7, valueType: { tensorType: { elemType: 1 } } } } },
      { name: 's', type: { sequenceType: { elemType: { tensorType: { elemType: 8, shape: {} } } } } },
      { name: 'o', type: { optionalType: { elemType: { sequenceType: { elemType: {} } } } } },
      { name: 'p', type: { sparseTensorType: { elemType: 1, shape: { dim: [{ dimValue: 2 }] } } } },
      { name: 'q', type: { opaqueType: { domain: 'd', name: '' } } },
    ],
  },
  'value_info of inputs, outputs, constants, twice, of nothing, without a type, of another type than its constant': {
    ...initializer(floats('w', [1]), floats('v', [1])),
    node: [node('Add', ['x', 'w'], ['a']), node('Relu', ['a'], ['y'])],
    valueInfo: [
      info('nobody', 7),
      info('a'),
      info('w', 1, [1]),
      info('x', 1, [3]),
      info('v', 7),
      info('y'),
      info('a', 7),
      { name: 'v' },
    ],
  },
  'an initializer without a name': initializer({ dims: [1], dataType: 1, floatData: [1] }, { ...floats('', [2]) }),
  'numbers in each field, short and long': initializer(
    ...[3, 400].flatMap((count) => [
      floats(`f${count}`, long(count)),
      int64s(`i${count}`, long(count)),
      { name: `r${count}`, dims: [count], dataType: 1, rawData: new Uint8Array(count * 4).fill(1) },
      { name: `h${count}`, dims: [count], dataType: 10, int32Data: long(count) },
      { name: `d${count}`, dims: [count], dataType: 11, doubleData: long(count) },
      { name: `u${count}`, dims: [count], dataType: 13, uint64Data: long(count) },
      { name: `c${count}`, dims: [count], dataType: 14, floatData: long(2 * count) },
      {
        name: `t${count}`,
        dims: [count],
        dataType: 8,
        stringData: long(count).map((n) => Uint8Array.from([n % 256, 255])),
      },
    ]),
  ),
  'narrow types': initializer(
    ...[17, 18, 19, 20, 24].map((dataType) => ({
      name: `e${dataType}`,
      dims: [3],
      dataType,
      rawData: Uint8Array.from([1, 127, 255]),
    })),
    ...[21, 22, 23].map((dataType) => ({ name: `n${dataType}`, dims: [3], dataType, int32Data: [0x21, 0xf] })),
    ...[25, 26].map((dataType) => ({
      name: `t${dataType}`,
      dims: [5],
      dataType,
      rawData: Uint8Array.from([0xe4, 0xfe]),
    })),
  ),
  'tensors that say more': initializer(
    { ...floats('a', [1]), docString: '', segment: { $unknowns: [field(1, 0)] } as object, metadataProps: [entry] },
    { ...floats('b', []), rawData: new Uint8Array(0), dataLocation: 0 },
    { ...floats('c', [1]), externalData: [entry] },
  ),
  'NaNs of other bits, -0, infinities': {
    ...initializer({
      name: 'w',
      dims: [6],
      dataType: 1,
      rawData: bits(0x7fc00001, 0xffc00000, 0x7f800001, 0x80000000, 0x7f800000, 0x7fc00000),
    }),
    node: odd(
      { name: 'f', type: 1, f: -0 },
      { name: 'g', type: 6, floats: [-0, Number.NaN, Number.NEGATIVE_INFINITY] },
    ),
  },
  'attributes in the order of the file, with and without what is usual': {
    node: odd(
      { name: 'z', type: 1 },
      { name: 'a', f: 1 },
      { name: 'b', ints: [1, 2] },
      { name: 'c', type: 7 },
      { name: 'd', type: 3, s: Uint8Array.from([255, 0, 128]), docString: '' },
      { name: 'e', type: 3 },
      { name: 'f', type: 2, i: 1, ints: [3], strings: [utf8('s')] },
      { type: 2, i: 1 },
      { name: 'g', type: 8, strings: [new Uint8Array(0), Uint8Array.from([200])] },
      { name: 'h', type: 13, tp: { denotation: 'd' } },
      { name: 'i', type: 14, typeProtos: [{}, { tensorType: { elemType: 1 } }] },
      { name: 'j', type: 9, tensors: [floats('', [1]), floats('n', [1])] },
      { name: 'k', type: 4, t: floats('n', [1]), i: 3 },
    ),
  },
  'a tensor that was left in the file beside what the type says': {
    node: odd(
      { name: 'a', type: 6, floats: [1], t: stray },
      {
        name: 'b',
        type: 2,
        i: 1,
        tensors: [stray],
        g: { node: odd({ name: 'c', type: 4, t: stray }), initializer: [stray] },
      },
      { name: 'd', type: 4, t: stray, tensors: [stray] },
      { name: 'e', type: 5, t: stray, g: { node: [node('Neg', ['x'], ['z'])], output: [info('z')] } },
    ),
  },
  'Constant nodes of every form': {
    node: [
      ...[
        { name: 'value', type: 4, t: floats('t', [1]) },
        { name: 'value_float', type: 1, f: -0 },
        { name: 'value_float', f: 2 },
        { name: 'value_floats', type: 6, floats: [1, -0], docString: 'd' },
        { name: 'value_int', type: 2, i: { low: 1, high: 1 << 22 } },
        { name: 'value_ints', type: 7, ints: [] },
        { name: 'value_string', type: 3, s: Uint8Array.from([255]) },
        { name: 'value_strings', type: 8, strings: [utf8('')] },
        { name: 'value', type: 4, t: { ...floats('t', []), rawData: new Uint8Array(0) } },
        {
          name: 'sparse_value',
          type: 11,
          sparseTensor: { values: floats('', [1]), indices: int64s('i', [1]), dims: [2] },
        },
      ].map((attribute, at) =>
        node('Constant', [], [`k${at}`], {
          attribute: [attribute],
          ...(at % 2 ? { name: '', metadataProps: [entry] } : {}),
        }),
      ),
      node('Relu', ['x'], ['y']),
    ],
  },
  'sparse initializers': {
    sparseInitializer: [
      { values: { ...floats('s', [1]), docString: 'd' }, indices: int64s('', [1, 1], [1, 2]), dims: [2, 2] },
      { values: { name: 'l', ...stray }, indices: { dims: [400], dataType: 7, int64Data: long(400) }, dims: [400] },
    ],
  },
  'quantization, metadata and devices': {
    quantizationAnnotation: [{ $unknowns: [field(1, utf8('x'))] } as object],
    metadataProps: [{ key: 'k' }, { value: '' }],
    node: [
      node('Relu', ['x'], ['y'], {
        metadataProps: [entry, entry],
        deviceConfigurations: [{ $unknowns: [field(1, utf8('c'))] } as object],
      }),
    ],
  },
};

const models: Record<string, ModelMessage> = {
  'the fields of a model, empty and zero': {
    producerName: '',
    producerVersion: '',
    domain: '',
    docString: '',
    modelVersion: 0,
  },
  'operator sets: spelled in full, twice, without a domain': {
    opsetImport: [
      { version: 17 },
      { domain: 'd', version: 1 },
      { domain: 'ai.onnx', version: 18 },
      { domain: '', version: 17 },
      { domain: 'u', version: 2, $unknowns: [field(9, 1)] },
    ],
  },
  'metadata: twice, without a key, with unknown fields': {
    metadataProps: [entry, entry, { key: 'only' }, { value: 'only' }, { ...entry, $unknowns: [field(3, 1)] }],
  },
  'training info and configurations': {
    trainingInfo: [{ $unknowns: [field(1, utf8('not looked into'))] } as object],
    configuration: [{ $unknowns: [field(1, utf8('c')), field(2, 4)] } as object],
  },
  functions: {
    functions: [
      {
        name: 'f',
        domain: 'd',
        overload: 'o',
        docString: '',
        input: ['a', 'b'],
        output: ['c', 'k'],
        attribute: ['p', 'q'],
        attributeProto: [
          { name: 'r', type: 1, f: 0 },
          { name: 's', type: 4, t: stray },
        ],
        node: [
          node('Constant', [], ['k'], { attribute: [{ name: 'value_float', type: 1, refAttrName: 'p', f: 3 }] }),
          node('Add', ['a', 'b'], ['c'], {
            attribute: [
              { name: '__m', refAttrName: 'q' },
              { name: '__o', refAttrName: 'q', type: 0 },
              { name: '__n', refAttrName: 'q', type: 7, ints: [1], docString: 'd' },
            ],
          }),
        ],
        valueInfo: [info('a'), info('k'), info('c')],
        metadataProps: [entry],
        opsetImport: [{ version: 17 }, { domain: 'ai.onnx', version: 17 }],
      },
      { name: 'g', domain: 'd', input: ['a'], output: ['a'], node: [] },
    ],
  },
};

const cases: [string, Uint8Array][] = [
  ...Object.entries(graphs).map(([name, graph]): [string, Uint8Array] => [name, modelBytes({}, graph)]),
  ...Object.entries(models).map(([name, model]): [string, Uint8Array] => [name, modelBytes(model)]),
  ['an older model without operator sets', modelBytes({ irVersion: 2, opsetImport: [] })],
  [
    'an attribute with a NaN of other bits',
    modelBytes({}, { node: [rawNode(concat(field(1, utf8('a')), nan(2, [1, 0, 0x80, 0x7f]), field(20, 1)))] }),
  ],
  ['strings that are no UTF-8', modelBytes({ ...relu, docString: 'ÿ' }, { name: 'é\u{1f600}', input: [info('x')] })],
];

/** The string that stands for one byte that is no UTF-8, as bytes. */
const damaged = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(
    Buffer.from(
      Buffer.from(bytes).toString('latin1').replace('\xc3\xbf', '\xff\xfe').replace('\xc3\xa9', '\xed\xa0'),
      'latin1',
    ),
  );

describe('read and written', () => {
  it.each(cases)('%s', async (name, made) => {
    const bytes = name.includes('UTF-8') ? damaged(made) : made;
    expect(Buffer.from(await writeModel(await readModel(bytes)))).toEqual(Buffer.from(bytes));
    const model = await readModel(bytes);
    inferTypes(model);
    edit(model);
    expect(Buffer.from(await writeModel(model))).toEqual(Buffer.from(bytes));
  });
});
