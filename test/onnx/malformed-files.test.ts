/** Files that are no models, and models that were damaged on the way. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { recognizer } from '../models.js';
import { concat, field, floats, modelBytes, utf8, varint, withInitializer } from './bytes.js';
import { check, damaged, messageOf, noise, temporaryFolder, truncated } from './malformed.js';

const folder = temporaryFolder();

describe('files that are something else', () => {
  const an = (found: string): string => `{file}: expected an ONNX model; found ${found}`;
  check(folder, [
    ['an empty file', new Uint8Array(0), an('an empty file')],
    ['a text file', utf8('This is a model.\r\nReally.\n'), an('a text file')],
    ['a text file in Cyrillic, cut inside a character', utf8(`x${'модель '.repeat(100)}`), an('a text file')],
    ['a web page', utf8('\n<!doctype html><title>404</title>'), an('a web page. Download the file itself')],
    [
      'a web page with bytes that are no UTF-8',
      concat(utf8('<html>'), [0xe9, 0]),
      an('a web page. Download the file itself'),
    ],
    ['a JSON file', utf8('{ "ir_version": 8 }'), an('a JSON file')],
    [
      'a zip archive',
      concat(utf8('PK\x03\x04'), noise(64, 1)),
      an('a zip archive (a PyTorch checkpoint is one). Unpack it, or export the model to ONNX'),
    ],
    ['a gzip archive', () => gzipSync(modelBytes()), an('a gzip archive. Unpack it first')],
    [
      'a pickle',
      concat([0x80, 2], utf8('}q\x00.')),
      an('a Python pickle (an old PyTorch checkpoint is one). Export the model to ONNX'),
    ],
    [
      'safetensors',
      concat([46, 0, 0, 0, 0, 0, 0, 0], utf8('{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}')),
      an('a safetensors file. Export the model to ONNX'),
    ],
    ['GGUF', concat(utf8('GGUF'), [3, 0, 0, 0]), an('a GGUF model. Export the model to ONNX')],
    [
      'TensorFlow Lite',
      concat([28, 0, 0, 0], utf8('TFL3'), noise(32, 2)),
      an('a TensorFlow Lite model. Convert the model to ONNX'),
    ],
    [
      'the ORT format',
      concat([40, 0, 0, 0], utf8('ORTM'), noise(32, 3)),
      an('a model in the ORT format. Give the .onnx file it was made from'),
    ],
    ['HDF5', concat([0x89], utf8('HDF\r\n\x1a\n')), an('an HDF5 file (Keras). Export the model to ONNX')],
    [
      'a Git LFS pointer',
      utf8('version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n'),
      an('a Git LFS pointer. Fetch the file itself with git lfs pull'),
    ],
    [
      'a TensorProto',
      concat(field(1, 2), field(2, 1), field(9, new Uint8Array(8))),
      `{file}: expected a graph; found none. ${damaged}`,
    ],
  ]);

  it('a folder', async () => {
    expect(await messageOf(folder)).toBe(`${folder}: expected a file; found a folder. Name the file in it`);
  });
  it('a missing file', async () => {
    const path = join(folder, 'absent.onnx');
    expect(await messageOf(path)).toBe(`${path}: expected a file; found nothing there`);
  });
  it('a path through a file', async () => {
    writeFileSync(join(folder, 'a-file'), 'x');
    const path = join(folder, 'a-file', 'model.onnx');
    expect(await messageOf(path)).toBe(`${path}: expected a file that can be read; found ENOTDIR`);
  });
  it('a path with a null byte', async () => {
    expect(await messageOf('model\0.onnx')).toBe('"model\\u0000.onnx": expected a path; found one with a null byte');
  });
  it.skipIf(process.platform === 'win32')('a pipe, which would block', async () => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    expect(await messageOf(path)).toBe(
      `${path}: expected a file; found a pipe or a device. Copy its contents to a file`,
    );
  });
});

describe('damaged bytes', () => {
  const whole = modelBytes({ producerName: 'a test' });
  const real = readFileSync(recognizer);
  const weights = withInitializer(floats('w', new Array(1000).fill(1)));
  check(folder, [
    [
      'cut inside a varint',
      Uint8Array.of(8, 0x88),
      `{file}: expected a whole varint at byte 1; found the end of the data. ${truncated}`,
    ],
    [
      'cut inside the graph',
      whole.subarray(0, 12 + 44),
      `{file}: expected 54 bytes at byte 12; found 44. ${truncated}`,
    ],
    [
      'cut inside a tensor',
      weights.subarray(0, 2000),
      `{file}: expected 4070 bytes at byte 5; found 1995. ${truncated}`,
    ],
    [
      'a real model cut in half',
      real.subarray(0, real.length >> 1),
      `{file}: expected 10822310 bytes at byte 7; found 5411154. ${truncated}`,
    ],
    ['noise', noise(4096, 7), `{file}: expected the end of group 1483 at byte 5; found none. ${damaged}`],
    ['more noise', noise(4096, 8), `{file}: expected a protobuf field at byte 156; found wire type 6. ${damaged}`],
    [
      'a length of 2^60',
      concat(field(1, 8), varint(7 * 8 + 2), varint(2n ** 60n), [0, 0]),
      `{file}: expected ${2 ** 60} bytes at byte 12; found 2. ${truncated}`,
    ],
    [
      'a varint of 11 bytes',
      concat([8], new Array(11).fill(0x80)),
      `{file}: expected a varint at byte 1; found more than 10 bytes. ${damaged}`,
    ],
    [
      'a group that ends as another',
      Uint8Array.of(8, 8, 0x3b, 0x3c, 0x3b, 0x44),
      `{file}: expected the end of group 7 at byte 4; found none. ${damaged}`,
    ],
    [
      'a group without an end',
      Uint8Array.of(8, 8, 0x3b, 8, 1),
      `{file}: expected the end of group 7 at byte 2; found none. ${damaged}`,
    ],
    [
      'the end of a group',
      Uint8Array.of(8, 8, 0x3c),
      `{file}: expected a protobuf field at byte 2; found wire type 4. ${damaged}`,
    ],
    [
      'wire type 7',
      Uint8Array.of(8, 8, 0x3f),
      `{file}: expected a protobuf field at byte 2; found wire type 7. ${damaged}`,
    ],
    [
      'field number 0',
      concat(field(1, 8), [2, 0]),
      `{file}: expected a protobuf field at byte 2; found field number 0. ${damaged}`,
    ],
    ['a graph that is a number', concat(field(1, 8), field(7, 5)), `{file}: expected a graph; found none. ${damaged}`],
    [
      'a node that does not decode',
      concat(field(1, 8), field(7, field(1, [0x0a, 0x7f]))),
      `{file}: expected an ONNX ModelProto; found bytes that do not decode (index out of range: 8 + 127 > 8). ${damaged}`,
    ],
    [
      'an ir_version as a float',
      concat([0x0d, 0, 0, 0, 65], modelBytes().subarray(2)),
      '{file}: expected an ir_version of 1 or more; found 0',
    ],
  ]);
});
