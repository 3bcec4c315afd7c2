/** Weights in files beside the model: which files may be read, and what they must hold. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { numbersOf } from '../../src/ir/tensors/numbers.js';
import { readModel } from '../../src/onnx/read.js';
import { withInitializer } from './bytes.js';
import { messageOf, temporaryFolder } from './malformed.js';

const top = temporaryFolder();
const folder = join(top, 'models');
const path = join(folder, 'model.onnx');
mkdirSync(join(folder, 'inner'), { recursive: true });
const numbers = new Uint8Array(new Float32Array([1, 2]).buffer);
for (const file of [
  join(top, 'outside.bin'),
  join(folder, 'w.bin'),
  join(folder, 'inner', 'w.bin'),
  join(folder, '..w.bin'),
])
  writeFileSync(file, numbers);
symlinkSync(join(top, 'outside.bin'), join(folder, 'link.bin'));
symlinkSync(top, join(folder, 'up'));
symlinkSync(join(folder, 'w.bin'), join(folder, 'inside.bin'));

/** A float32[2] whose numbers are elsewhere. */
function external(entries: Readonly<Record<string, string>>): Uint8Array {
  const externalData = Object.entries(entries).map(([key, value]) => ({ key, value }));
  return withInitializer({ name: 'w', dims: [2], dataType: 1, dataLocation: 1, externalData });
}

const read = (entries: Readonly<Record<string, string>>, allowOutsideData = false): Promise<number[]> => {
  writeFileSync(path, external(entries));
  return readModel(path, { allowOutsideData }).then((model) => {
    const [value] = model.graph.constants;
    return value?.tensor ? [...numbersOf(value.tensor)] : [];
  });
};

const place = 'initializer "w"';
const outside = (found: string): string =>
  `${place}: expected a file inside the model's folder; found ${found}. Allow it with --allow-outside-data if you trust the model`;
const absent = (location: string): string =>
  `${place}: expected the file "${location}" beside the model; found nothing there. Copy the data file along with the model`;

describe('external data that is refused', () => {
  it.each<readonly [string, Record<string, string>, string]>([
    ['no location', { offset: '0' }, `${place}: expected a location in external_data; found none`],
    ['a missing file', { location: 'absent.bin' }, absent('absent.bin')],
    ['a missing file in a missing folder', { location: 'no/w.bin' }, absent('no/w.bin')],
    ['an absolute path', { location: join(folder, 'w.bin') }, outside(`"${join(folder, 'w.bin')}"`)],
    ['..', { location: '../outside.bin' }, outside('"../outside.bin"')],
    ['.. on the way', { location: 'inner/../w.bin' }, outside('"inner/../w.bin"')],
    ['.. with backslashes', { location: '..\\outside.bin' }, outside('"..\\outside.bin"')],
    ['the folder itself', { location: '.' }, outside('"."')],
    ['a link out of the folder', { location: 'link.bin' }, outside(`a link to "${join(top, 'outside.bin')}"`)],
    ['a linked folder on the way', { location: 'up/outside.bin' }, outside(`a link to "${join(top, 'outside.bin')}"`)],
    ['a folder', { location: 'inner' }, `${place}: expected a file; found a folder. Name the file in it`],
    ['a path through a file', { location: 'w.bin/w' }, `${place}: expected a file that can be read; found ENOTDIR`],
    ['a null byte', { location: 'w\0.bin' }, `${place}: expected a path; found one with a null byte`],
    [
      'an offset beyond the file',
      { location: 'w.bin', offset: '4096' },
      `${place}: expected 4104 bytes in w.bin; found 8. The data file is truncated or of another model`,
    ],
    [
      'a part beyond the file',
      { location: 'w.bin', offset: '4' },
      `${place}: expected 12 bytes in w.bin; found 8. The data file is truncated or of another model`,
    ],
    [
      'an offset that is no number',
      { location: 'w.bin', offset: 'x' },
      `${place}: expected a number of bytes as external_data offset; found "x"`,
    ],
    [
      'an offset in hexadecimal',
      { location: 'w.bin', offset: '0x0' },
      `${place}: expected a number of bytes as external_data offset; found "0x0"`,
    ],
    [
      'an empty offset',
      { location: 'w.bin', offset: '' },
      `${place}: expected a number of bytes as external_data offset; found ""`,
    ],
    [
      'a negative offset',
      { location: 'w.bin', offset: '-8' },
      `${place}: expected a number of bytes as external_data offset; found "-8"`,
    ],
    [
      'an offset beyond 2^53',
      { location: 'w.bin', offset: '9007199254740993' },
      `${place}: expected a number of bytes as external_data offset; found "9007199254740993"`,
    ],
    [
      'a negative length',
      { location: 'w.bin', length: '-1' },
      `${place}: expected a number of bytes as external_data length; found "-1"`,
    ],
    ['another length', { location: 'w.bin', length: '4' }, `${place}: expected 8 bytes for float32[2]; found 4`],
  ])('%s', async (_, entries, message) => {
    writeFileSync(path, external(entries));
    expect(await messageOf(path)).toBe(message);
  });

  it('of a model given as bytes', async () => {
    expect(await messageOf(external({ location: 'w.bin' }))).toBe(
      `${place}: expected a folder to find it in; found "w.bin" of a model given as bytes. Read the model by its path, or give the bytes as data`,
    );
  });
});

describe('external data that is read', () => {
  it.each<readonly [string, Record<string, string>]>([
    ['beside the model', { location: 'w.bin' }],
    ['with offset and length', { location: 'w.bin', offset: '0', length: '8' }],
    ['with a length of 0, which says nothing', { location: 'w.bin', length: '0' }],
    ['in a folder below', { location: 'inner/w.bin' }],
    ['through a link that stays inside', { location: 'inside.bin' }],
    ['from a name that begins with two dots', { location: '..w.bin' }],
  ])('%s', async (_, entries) => {
    expect(await read(entries)).toEqual([1, 2]);
  });

  it('outside, where the caller allows it', async () => {
    for (const location of ['../outside.bin', 'link.bin', join(top, 'outside.bin')])
      expect(await read({ location }, true)).toEqual([1, 2]);
  });

  it('of a model given as bytes, where the caller says the folder', async () => {
    const model = await readModel(external({ location: 'w.bin' }), { folder });
    const [value] = model.graph.constants;
    expect(value?.tensor?.bytes()).toEqual(new Uint8Array(readFileSync(join(folder, basename('w.bin')))));
  });
});
