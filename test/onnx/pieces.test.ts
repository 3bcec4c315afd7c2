/** A message in pieces is, joined, the message that has the payloads in their fields. */
import { describe, expect, test } from 'vitest';
import { encodeMessage } from '../../src/onnx/codec/message.js';
import { encodePieces } from '../../src/onnx/codec/pieces.js';
import type { AttributeMessage, ModelMessage, NodeMessage, TensorMessage } from '../../src/onnx/proto/messages.js';

const payloads = [3, 200, 70_000, 0].map((length, at) => new Uint8Array(length).fill(at + 1));

/** A tensor whose numbers stand in these fields, in the message or as payloads. */
const tensor = (isLazy: boolean, fields: readonly (readonly [9, number])[]): TensorMessage => {
  const rest = { dims: [1], dataType: 1, name: 'w', docString: 'behind the numbers' };
  if (isLazy) return { ...rest, lazy: fields.flat() };
  return Object.assign({ ...rest }, ...fields.map(([, index]) => ({ rawData: payloads[index] })));
};

const model = (isLazy: boolean): ModelMessage => {
  const own = (index: number) => tensor(isLazy, [[9, index]]);
  const sparse = { values: own(1), indices: own(0), dims: [4] };
  const constant = (attribute: AttributeMessage): NodeMessage => ({ opType: 'Constant', attribute: [attribute] });
  const body = { node: [constant({ name: 'value', t: own(2), type: 4 })], initializer: [own(3)] };
  const nodes = [
    constant({ name: 'value_int', i: 1, type: 2 }),
    constant({ name: 'sparse_value', sparseTensor: sparse, type: 11 }),
    {
      opType: 'If',
      attribute: [
        { name: 'then_branch', g: body },
        { name: 'else_branch', g: {} },
      ],
    },
    constant({ name: 'values', tensors: [own(0), { name: 'none' }, own(1)], type: 9 }),
  ];
  const graph = { node: nodes, initializer: [own(2), own(0)], sparseInitializer: [sparse] };
  const unknown = Object.assign({ domain: 'd' }, { $unknowns: [Uint8Array.of(0xc2, 0x3e, 1, 7)] });
  const fn = { name: 'f', node: nodes, attributeProto: [{ name: 'a', t: own(1) }] };
  return { irVersion: 8, graph, functions: [fn], metadataProps: [{ key: 'k' }], opsetImport: [unknown] };
};

describe('pieces', () => {
  test('have the payloads where the fields were', () => {
    const { length, pieces } = encodePieces('ModelProto', model(true), payloads);
    const whole = Buffer.concat(pieces);
    expect(whole.length).toBe(length);
    expect(whole.equals(encodeMessage('ModelProto', model(false)))).toBe(true);
    expect(pieces.filter((piece) => (payloads as Uint8Array[]).includes(piece)).length).toBe(17);
  });

  test('are one where there is no payload', () => {
    const message: ModelMessage = { graph: { name: 'g', node: [{ opType: 'Relu' }] } };
    const { pieces } = encodePieces('ModelProto', message, []);
    expect(pieces.map((piece) => Buffer.from(piece).toString('hex'))).toEqual([
      Buffer.from(encodeMessage('ModelProto', message)).toString('hex'),
    ]);
  });
});
