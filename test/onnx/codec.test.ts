/** Messages of onnx.proto beside the decoders that protobufjs makes of the same table: the same bytes, the same refusals. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs/light.js';
import { describe, expect, it } from 'vitest';
import { type MessageType, messageType } from '../../src/onnx/codec/fields.js';
import { decodeMessage, encodeMessage } from '../../src/onnx/codec/message.js';
import type { AttributeMessage, GraphMessage, ModelMessage, TensorMessage } from '../../src/onnx/proto/messages.js';
import { dice } from '../fuzz/files/dice.js';

/** Text and floats are bytes to it: it keeps no bits of text that is no UTF-8, nor of NaN. */
const asBits: Readonly<Record<string, string>> = { string: 'bytes', float: 'fixed32', double: 'fixed64' };

const root = new protobuf.Root();
function define({ name, fields }: MessageType): void {
  if (root.get(name)) return;
  const type = new protobuf.Type(name);
  root.add(type);
  for (const { name: key, number, type: content, repeated, packed } of fields) {
    const text = typeof content === 'string' ? (asBits[content] ?? content) : content.name;
    type.add(new protobuf.Field(key, number, text, repeated ? 'repeated' : undefined, undefined, { packed }));
    if (typeof content !== 'string') define(content);
  }
}
define(messageType('ModelProto'));

/** A message decoded and encoded, or that it was refused. */
const outcome = (work: () => Uint8Array): string => {
  try {
    return Buffer.from(work()).toString('base64');
  } catch {
    return 'refused';
  }
};
const theirs = (kind: string, bytes: Uint8Array) =>
  outcome(() => {
    const type = root.lookupType(kind);
    const reader = protobuf.Reader.create(bytes);
    reader.discardUnknown = false;
    return type.encode(type.decode(reader)).finish();
  });
const ours = (kind: string, bytes: Uint8Array) => outcome(() => encodeMessage(kind, decodeMessage(kind, bytes)));

const folder = fileURLToPath(new URL('../../fixtures', import.meta.url));
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .map((name) => join(folder, name))
  .filter((path) => path.endsWith('.onnx') && statSync(path).size < 30_000)
  .map((path) => new Uint8Array(readFileSync(path)));

const varint = (...bytes: number[]) => Uint8Array.from(bytes);
const attribute = (message: AttributeMessage) =>
  decodeMessage<AttributeMessage>('AttributeProto', encodeMessage('AttributeProto', message));

describe('messages', () => {
  it('of every model are encoded as protobufjs does', () => {
    expect(files.length).toBeGreaterThan(10);
    for (const file of files) expect(ours('ModelProto', file)).toBe(theirs('ModelProto', file));
  });

  it('that are damaged are refused where it refuses them, and kept as it keeps them', () => {
    let refused = 0;
    const random = dice(7);
    for (let round = 0; round < 1500; round++) {
      const bytes = (random.of(files) as Uint8Array).slice();
      for (let more = random.below(4); more >= 0; more--) bytes[random.below(bytes.length)] = random.below(256);
      const cut = random.oneIn(5) ? bytes.subarray(0, random.below(bytes.length)) : bytes;
      const kind = random.of(['ModelProto', 'ModelProto', 'NodeProto', 'TensorProto', 'AttributeProto', 'TypeProto']);
      const expected = theirs(kind as string, cut);
      if (expected === 'refused') refused++;
      expect(ours(kind as string, cut), Buffer.from(cut.subarray(0, 4000)).toString('hex')).toBe(expected);
    }
    expect(refused).toBeGreaterThan(150);
    expect(refused).toBeLessThan(1350);
  });

  it.each([
    ['a varint of ten bytes', varint(24, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1)],
    ['a varint of eleven', varint(24, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 1)],
    ['a longer varint than needed', varint(24, 129, 128, 0)],
    ['a tag of five bytes', varint(248, 255, 255, 255, 15, 5)],
    ['a tag beyond 32 bits', varint(248, 255, 255, 255, 31, 5)],
    ['a length beyond 2 GiB', varint(10, 255, 255, 255, 255, 15, 5)],
    ['a group', varint(0xfb, 1, 8, 5, 0xfc, 1)],
    ['a group that ends as another', varint(0xfb, 1, 8, 5, 0xf4, 1)],
    ['a group without an end', varint(0xfb, 1, 8, 5)],
    ['the end of a group', varint(0xfc, 1)],
    ['field number 0', varint(0, 5)],
    ['a field of another wire type', varint(8, 5)],
    ['packed numbers where single ones are usual', varint(66, 3, 1, 2, 3)],
    ['packed numbers, cut in one', varint(66, 2, 1, 255)],
    ['a part of a message that comes twice', varint(114, 4, 10, 2, 8, 1, 114, 6, 10, 4, 18, 2, 10, 0)],
  ])('%s', (_, bytes) => {
    expect(ours('AttributeProto', bytes)).toBe(theirs('AttributeProto', bytes));
  });

  it('are nested up to 100 deep', () => {
    const nested = (depth: number): Uint8Array => {
      let message: AttributeMessage = { name: 'x' };
      let graph: GraphMessage = {};
      for (let level = 0; level < depth; level++) {
        graph = { node: [{ attribute: [message] }] };
        message = { g: graph };
      }
      return encodeMessage('AttributeProto', message);
    };
    expect(ours('AttributeProto', nested(33))).toBe(theirs('AttributeProto', nested(33)));
    expect(() => nested(34)).toThrow('max depth exceeded');
    const groups = (depth: number) => Uint8Array.from([...Array(depth).fill(0xf3), ...Array(depth).fill(0xf4)]);
    for (const depth of [100, 101, 102, 103])
      expect(ours('Opaque', groups(depth)), `${depth}`).toBe(theirs('Opaque', groups(depth)));
  });
});

describe('what JavaScript would lose', () => {
  it('int64 beyond 2^53', () => {
    for (const number of [
      0,
      1,
      -1,
      127,
      128,
      2 ** 31,
      -(2 ** 31),
      2 ** 32 + 5,
      -(2 ** 32) - 5,
      2 ** 53 - 1,
      1 - 2 ** 53,
    ])
      expect(attribute({ i: number, ints: [number] })).toEqual({ i: number, ints: [number] });
    const halves = { low: -1, high: 0x7fffffff, unsigned: false };
    expect(attribute({ i: halves })).toEqual({ i: halves });
    const list: TensorMessage = { uint64Data: [5, { low: -1, high: -1, unsigned: true }] };
    expect(decodeMessage('TensorProto', encodeMessage('TensorProto', list))).toEqual(list);
  });

  it('text: a mark at its beginning, long text, surrogates, and bytes that are no UTF-8', () => {
    for (const name of [
      '',
      '\ufeffx',
      'é',
      'x'.repeat(200),
      `${'x'.repeat(200)}é`,
      '\u{1f600}',
      'a\udc80\udcff',
      '\ufffd',
    ])
      expect(decodeMessage('GraphProto', encodeMessage('GraphProto', { name } as GraphMessage))).toEqual({ name });
    const model: ModelMessage = { producerName: '\ud800' };
    expect(Buffer.from(encodeMessage('ModelProto', model)).toString('hex')).toBe('1203eda080');
  });
});
