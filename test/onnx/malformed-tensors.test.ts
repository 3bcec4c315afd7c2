/** Tensors whose data contradicts their type or dims. */
import { describe, expect, it } from 'vitest';
import { ModelError } from '../../src/ir/text/errors.js';
import { decodeTensor } from '../../src/onnx/read.js';
import { concat, field, floats, int64s, modelBytes, utf8, withInitializer } from './bytes.js';
import { check, damaged, temporaryFolder } from './malformed.js';

const folder = temporaryFolder();

describe('tensors', () => {
  const raw = (length: number, more: object = {}) =>
    withInitializer({ name: 'w', dims: [2], dataType: 1, rawData: new Uint8Array(length), ...more });
  const place = 'initializer "w"';
  check(folder, [
    [
      'an unknown element type',
      withInitializer({ name: 'w', dims: [1], dataType: 99 }),
      `${place}: expected an element type of ONNX; found data_type 99`,
    ],
    [
      'no element type',
      withInitializer({ name: 'w', dims: [1] }),
      `${place}: expected an element type of ONNX; found data_type 0`,
    ],
    ['negative dims', raw(8, { dims: [2, -1] }), `${place}: expected dims of 0 or more; found -1`],
    [
      'a dim of 2^62',
      raw(8, { dims: [{ low: 0, high: 0x40000000 }] }),
      `${place}: expected dims below 2^53; found ${2n ** 62n}`,
    ],
    [
      'dims whose product overflows',
      raw(8, { dims: [2 ** 40, 2 ** 40] }),
      `${place}: expected dims whose product is below 2^53; found [${2 ** 40},${2 ** 40}]`,
    ],
    [
      'dims of a petabyte, and nothing',
      raw(0, { dims: [2 ** 48] }),
      `${place}: expected ${2 ** 48} numbers in raw_data or float_data for float32[${2 ** 48}]; found 0`,
    ],
    [
      'dims of a petabyte of strings',
      withInitializer({ name: 'w', dims: [2 ** 48], dataType: 8 }),
      `${place}: expected ${2 ** 48} strings for [${2 ** 48}]; found 0`,
    ],
    ['too little raw_data', raw(7), `${place}: expected 8 bytes for float32[2]; found 7`],
    ['too much raw_data', raw(9), `${place}: expected 8 bytes for float32[2]; found 9`],
    [
      'too little raw_data, long',
      raw(4000, { dims: [1001] }),
      `${place}: expected 4004 bytes for float32[1001]; found 4000`,
    ],
    [
      'too few in float_data',
      withInitializer(floats('w', [1], [2])),
      `${place}: expected 2 numbers in raw_data or float_data for float32[2]; found 1`,
    ],
    [
      'too many in float_data, long',
      withInitializer(floats('w', new Array(1000).fill(1), [2])),
      `${place}: expected 8 bytes for float32[2]; found 4000`,
    ],
    [
      'int64 in int32_data',
      withInitializer({ name: 'w', dims: [2], dataType: 7, int32Data: [1, 2] }),
      `${place}: expected 2 numbers in raw_data or int64_data for int64[2]; found none, and 2 in int32_data`,
    ],
    [
      'int64 in int32_data, long',
      withInitializer({ name: 'w', dims: [2000], dataType: 7, int32Data: new Array(2000).fill(1) }),
      `${place}: expected 2000 numbers in raw_data or int64_data for int64[2000]; found none, and 2000 in int32_data`,
    ],
    [
      'packed numbers that end inside one',
      withInitializer({ name: 'w', dims: [2000], dataType: 7, $unknowns: [field(7, new Uint8Array(2000).fill(0x80))] }),
      `${place}: expected packed numbers; found bytes that do not decode (invalid varint encoding)`,
    ],
    [
      'a scalar without a number',
      withInitializer({ name: 'w', dataType: 1 }),
      `${place}: expected 1 number in raw_data or float_data for float32[]; found 0`,
    ],
    [
      'numbers in two long fields',
      raw(4000, { dims: [1000], floatData: new Array(1000).fill(1) }),
      `${place}: expected its numbers in one field; found several`,
    ],
    [
      'too few strings',
      withInitializer({ name: 'w', dims: [3], dataType: 8, stringData: [utf8('a'), utf8('b')] }),
      `${place}: expected 3 strings for [3]; found 2`,
    ],
    [
      'a field that stands for one left in the file',
      raw(8, { lazy: [9, 0, { low: 0, high: 0x10000000 }] }),
      `${place}: expected fields of ONNX; found field 536870911`,
    ],
    [
      'a field that stands for one left in the file, of its bytes',
      raw(8, { lazy: [9, 0, 8, 0] }),
      `${place}: expected fields of ONNX; found field 536870911`,
    ],
    [
      'a field that stands for one left in the file, before a true one',
      raw(4000, { dims: [1000], lazy: [9, 0, 4000, 0] }),
      `${place}: expected fields of ONNX; found field 536870911`,
    ],
    [
      'a field that stands for one left in the file, cut',
      raw(8, { lazy: [9] }),
      `${place}: expected fields of ONNX; found field 536870911`,
    ],
    [
      'an int4 tensor of half the bytes',
      withInitializer({ name: 'w', dims: [5], dataType: 22, rawData: new Uint8Array(2) }),
      `${place}: expected 3 bytes for int4[5]; found 2`,
    ],
  ]);

  it('a tensor by itself, cut', () => {
    const bytes = concat(field(1, 2), field(2, 1), field(9, new Uint8Array(8)));
    expect(() => decodeTensor(bytes.subarray(0, 10))).toThrow(
      new ModelError(
        'tensor',
        'an ONNX TensorProto',
        'bytes that do not decode (index out of range: 6 + 8 > 10)',
        damaged,
      ),
    );
  });
});

describe('sparse tensors', () => {
  const sparse = (more: object) =>
    modelBytes(
      {},
      { sparseInitializer: [{ values: floats('w', [1, 2]), indices: int64s('', [0, 3]), dims: [4], ...more }] },
    );
  const place = 'sparse initializer "w"';
  check(folder, [
    ['indices of float32', sparse({ indices: floats('', [0, 1]) }), `${place}: expected int64 indices; found float32`],
    [
      'an index beyond the dims',
      sparse({ indices: int64s('', [0, 4]) }),
      `${place}: expected indices from 0 to 3; found 4`,
    ],
    ['a negative index', sparse({ indices: int64s('', [-1, 3]) }), `${place}: expected indices from 0 to 3; found -1`],
    [
      'a coordinate beyond its dim',
      sparse({ dims: [2, 9], indices: int64s('', [0, 8, 2, 0], [2, 2]) }),
      `${place}: expected indices from 0 to 1; found 2`,
    ],
    [
      'fewer indices than values',
      sparse({ indices: int64s('', [0]) }),
      `${place}: expected 2 indices, one a value; found 1`,
    ],
    [
      'coordinates of another rank',
      sparse({ dims: [4, 4, 4], indices: int64s('', [0, 0, 1, 1], [2, 2]) }),
      `${place}: expected indices of shape [2] or [2,3]; found [2,2]`,
    ],
    ['no indices', sparse({ indices: undefined }), `${place}: expected values and indices; found no indices`],
    ['no values', sparse({ values: undefined }), 'sparse initializer: expected values and indices; found no values'],
    [
      'a dense form beyond all memory',
      sparse({ dims: [2 ** 40, 2 ** 40] }),
      `${place}: expected sparse tensors of ${2 ** 26} bytes written out in all; found ${2 ** 82} for [${2 ** 40},${2 ** 40}]. Raise it with --budget sparse-bytes=…`,
    ],
  ]);
});
