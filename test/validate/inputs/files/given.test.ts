import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { buildModel } from '../../../../src/ir/build.js';
import type { Model } from '../../../../src/ir/model.js';
import { bigintsOf, numbersOf, tensorOf } from '../../../../src/ir/tensors/numbers.js';
import type { DataType } from '../../../../src/ir/types.js';
import type { TensorData } from '../../../../src/runtime/isolate.js';
import { fromTensorData } from '../../../../src/runtime/tensor-data.js';
import { givenSets } from '../../../../src/validate/inputs/files/given.js';
import { npy, zip } from './archives.js';

const folder = mkdtempSync(join(tmpdir(), 'given-inputs-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes a file in the folder, and gives its path. */
const file = (name: string, content: Uint8Array | string): string => {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
};

/** A model that gives back what goes in. */
const taking = (inputs: Record<string, [DataType, (number | string)[]]>): Model =>
  buildModel({ '': 17 }, (g) => {
    for (const [name, [elem, shape]] of Object.entries(inputs))
      g.output(`${name}_out`, g.op('Identity', [g.input(name, elem, shape)]));
  });
const pair = taking({ 'a/x': ['float32', ['n', 2]], rate: ['int64', []] });
const floats = (values: number[], shape: number[]) => npy('<f4', shape, tensorOf('float32', values, shape).bytes());
const rate = npy('<i8', [], tensorOf('int64', 16000).bytes());

const read = (path: string, model: Model) => givenSets(path).map((set) => set.read(model));
const numbers = (tensor: TensorData | undefined) => [...numbersOf(fromTensorData(tensor as TensorData))];

describe('inputs that are given', () => {
  it('are read from an .npz, stored or deflated, by the name of the port; / may be _', () => {
    for (const isDeflated of [false, true]) {
      const entries = { 'a_x.npy': floats([1, 2, 3, 4], [2, 2]), 'rate.npy': rate };
      const [set] = read(file(`${isDeflated}.npz`, zip(entries, isDeflated)), pair);
      expect(set).toMatchObject({ source: 'data', about: `${isDeflated}.npz: a/x[2,2], rate[]` });
      expect(numbers(set!.tensors['a/x'])).toEqual([1, 2, 3, 4]);
      expect(bigintsOf(fromTensorData(set!.tensors['rate']!))).toEqual([16000n]);
    }
  });

  it('are sets, each an archive, a JSON file or a folder, in order of their numbers', () => {
    const archive = (value: number) => zip({ 'a/x.npy': floats([value, 0], [1, 2]), 'rate.npy': rate }, true);
    file('several/10.npz', archive(10));
    file('several/9.npz', archive(9));
    file('several/readme.txt', 'not a set');
    file('several/2/a_x.npy', floats([2, 0], [1, 2]));
    file('several/2/others.json', '{"rate": 8000}');
    file('several/11.json', '{"a/x": [[11, 0.5]], "rate": 16000}');
    const sets = read(join(folder, 'several'), pair);
    expect(sets.map(({ about }) => about.split(':')[0])).toEqual(['2', '9.npz', '10.npz', '11.json']);
    expect(sets.map(({ tensors }) => numbers(tensors['a/x'])[0])).toEqual([2, 9, 10, 11]);
    expect(sets.map(({ tensors }) => numbers(tensors['rate'])[0])).toEqual([8000, 16000, 16000, 16000]);
    expect(read(join(folder, 'several', '2'), pair)).toHaveLength(1);
    // One array alone, for a model that takes no more.
    expect(() => read(join(folder, 'several', '2', 'a_x.npy'), pair)).toThrow(/every input; found none for rate/);
  });

  it('are of every element type and order that numpy saves', () => {
    const model = taking({ x: ['float32', [2, 3]], h: ['float16', [2]], b: ['bool', [2]], t: ['string', [2]] });
    // The columns one after another, as numpy.asfortranarray has them.
    file('types/x.npy', npy('<f4', [2, 3], tensorOf('float32', [1, 4, 2, 5, 3, 6]).bytes(), true));
    file('types/h.npy', npy('<f2', [2], tensorOf('float16', [0.5, -2]).bytes()));
    file('types/b.npy', npy('|b1', [2], Uint8Array.of(1, 0)));
    file(
      'types/t.npy',
      npy(
        '<U3',
        [2],
        tensorOf(
          'uint32',
          [...'cat', ...'é\0\0'].map((c) => c.codePointAt(0)!),
        ).bytes(),
      ),
    );
    const [set] = read(join(folder, 'types'), model);
    expect(numbers(set!.tensors['x'])).toEqual([1, 2, 3, 4, 5, 6]);
    expect(numbers(set!.tensors['h'])).toEqual([0.5, -2]);
    expect(numbers(set!.tensors['b'])).toEqual([1, 0]);
    expect(set!.tensors['t']!.data).toEqual(['cat', 'é']);
  });

  it('are cast where no number changes: numpy saves float64 and int32 by itself', () => {
    const model = taking({ x: ['float32', [2]], i: ['int64', [2]] });
    const i = npy('<i4', [2], tensorOf('int32', [-7, 7]).bytes());
    const set = (x: number) => ({ 'x.npy': npy('<f8', [2], tensorOf('float64', [x, 2]).bytes()), 'i.npy': i });
    const [cast] = read(file('cast.npz', zip(set(0.5), true)), model);
    expect(cast!.tensors['x']).toMatchObject({ type: 'float32' });
    expect(numbers(cast!.tensors['x'])).toEqual([0.5, 2]);
    expect(bigintsOf(fromTensorData(cast!.tensors['i']!))).toEqual([-7n, 7n]);
    const rounded = file('rounded.npz', zip(set(0.1), true));
    expect(() => read(rounded, model)).toThrow(
      `${rounded}: "x": expected float32; found float64 with a number that float32 does not hold: 0.1. ` +
        'Save it as float32: x.astype(numpy.float32)',
    );
    // An intermediate model's ports may be narrower than the original's, which the data was held against.
    expect(numbers(givenSets(rounded)[0]!.read(model, true).tensors['x'])[0]).toBe(Math.fround(0.1));
  });

  it('take a shape of ones from a single JSON value, and others from its lists', () => {
    const model = taking({ one: ['float32', [1, 1]], flags: ['bool', ['n']], text: ['string', [1]] });
    const [set] = read(file('json.json', '{"one": 0.25, "flags": [true, false], "text": "a"}'), model);
    expect(set!.tensors['one']).toMatchObject({ shape: [1, 1] });
    expect(numbers(set!.tensors['flags'])).toEqual([1, 0]);
    expect(set!.tensors['text']).toEqual({ type: 'string', shape: [1], data: ['a'] });
    const rates = { 'a_x.npy': floats([1, 2], [1, 2]), 'rate.npy': npy('<i8', [1], tensorOf('int64', [8000]).bytes()) };
    expect(read(file('single.npz', zip(rates, true)), pair)[0]!.tensors['rate']).toMatchObject({ shape: [] });
  });
});

describe('what is wrong with inputs that are given', () => {
  const x = floats([1, 2], [1, 2]);
  const archive = (entries: Record<string, Uint8Array>) => zip({ 'rate.npy': rate, ...entries }, true);
  const order = 'Save it as x\\.astype\\(x\\.dtype\\.newbyteorder';
  const objects: [string, Uint8Array | string, RegExp][] = [
    [
      'unknown.npz',
      archive({ 'a_x.npy': x, 'y.npy': x }),
      /unknown\.npz: expected the name of an input: "a\/x", "rate"; found "y"/,
    ],
    [
      'missing.npz',
      zip({ 'rate.npy': rate }, false),
      /missing\.npz: expected a tensor for every input; found none for a\/x/,
    ],
    ['rank.npz', archive({ 'a_x.npy': floats([1, 2], [2]) }), /"a\/x": expected a shape of \[n, 2\]; found \[2\]/],
    ['dim.npz', archive({ 'a_x.npy': floats([1, 2, 3], [1, 3]) }), /expected a shape of \[n, 2\]; found \[1, 3\]/],
    [
      'kind.npz',
      archive({ 'a_x.npy': npy('<i4', [1, 2], new Uint8Array(8)) }),
      /expected float32; found int32\. Save it as float32/,
    ],
    [
      'big.npz',
      archive({ 'a_x.npy': npy('>f4', [1, 2], new Uint8Array(8)) }),
      new RegExp(`a_x\\.npy: expected little-endian elements; found big-endian ones \\(>f4\\)\\. ${order}`),
    ],
    [
      'object.npz',
      archive({ 'a_x.npy': npy('|O', [1, 2], new Uint8Array(8)) }),
      /expected an array of numbers, bools or text; found one of Python objects/,
    ],
    [
      'short.npz',
      archive({ 'a_x.npy': npy('<f4', [1, 2], new Uint8Array(4)) }),
      /a_x\.npy: expected 8 bytes for \[1, 2\]; found 4/,
    ],
    ['mark.npz', archive({ 'a_x.npy': Uint8Array.of(1, 2, 3) }), /expected an array as numpy\.save writes it/],
    [
      'cut.npz',
      archive({ 'a_x.npy': x }).subarray(0, 60),
      /cut\.npz: expected a whole zip archive; found 60 bytes without/,
    ],
    ['list.json', '[1, 2]', /list\.json: expected an object with a value for each input; found a list/],
    ['broken.json', '{"a/x": [1', /broken\.json: expected JSON; found/],
    [
      'ragged.json',
      '{"a/x": [[1, 2], [3]], "rate": 1}',
      /"a\/x": expected lists of \[2, 2\] all through; found one of 1 at axis 1/,
    ],
    [
      'mixed.json',
      '{"a/x": [[1, 2], 3], "rate": 1}',
      /"a\/x": expected lists of \[2, 2\] all through; found 3 at axis 1/,
    ],
    ['half.json', '{"a/x": [[1, 2]], "rate": 0.5}', /"rate": expected whole numbers of int64; found 0\.5/],
    ['text.json', '{"a/x": [["1", 2]], "rate": 1}', /"a\/x": expected numbers; found "1"/],
    ['array.npy', x, /array\.npy: expected the name of an input: "a\/x", "rate"; found "array"/],
    ['picture.png', 'not numbers', /picture\.png: expected .*; found a file "\.png"/],
  ];
  it.each(objects)('%s', (name, content, message) => {
    const path = file(name, content);
    expect(() => read(path, pair)).toThrow(message);
  });

  // The first entry begins behind 30 bytes of header, 7 of its name and 4 of an extra field.
  it('is a packed entry that is damaged, encrypted or of another method', () => {
    const whole = zip({ 'a_x.npy': x }, true);
    const changed = (name: string, at: number, byte: number) => {
      const bytes = whole.slice();
      bytes[at] = byte;
      return () => read(file(name, bytes), pair);
    };
    const directory = new DataView(whole.buffer).getUint32(whole.length - 6, true);
    expect(changed('damaged.npz', 41, 0xff)).toThrow(/a_x\.npy: expected (deflated bytes|\d+ bytes); found/);
    expect(changed('encrypted.npz', directory + 8, 1)).toThrow(
      /expected an entry that is not encrypted; found one that is/,
    );
    expect(changed('method.npz', directory + 10, 12)).toThrow(
      /expected an entry that is stored or deflated; found method 12/,
    );
  });
});
