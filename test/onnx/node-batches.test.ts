/** Large graphs, of which nodes are decoded some at a time, and connected at once where all they read is there. */
import { expect, it } from 'vitest';
import { buildModel, type GraphBuilder } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import { numbersOf } from '../../src/ir/tensors/numbers.js';
import type { Value } from '../../src/ir/value.js';
import { decodeMessage, encodeMessage } from '../../src/onnx/codec/message.js';
import type { ModelMessage, NodeMessage } from '../../src/onnx/proto/messages.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { concat, field, utf8 } from './bytes.js';

/** A chain of so many nodes that their bytes are many batches; each reads x, and one in three a body that does. */
const chain = (count: number): Model =>
  buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', ['n', 4]);
    const chosen = g.input('chosen', 'bool', []);
    let value = x;
    for (let i = 0; i < count; i++) {
      const body = (op: string) => g.body(op, (inner) => inner.output('o', inner.op(op, [value])));
      const isBody = i % 3 === 2 && i > count / 2;
      value = isBody
        ? g.op('If', [chosen], { then_branch: body('Tanh'), else_branch: body('Relu') })
        : g.op('Add', [value, x], {}, { name: `/a/rather/long/name/of/a/node/that/adds.${i}` });
    }
    g.output('y', value, 'float32', ['n', 4]);
  });

const changed = async (bytes: Uint8Array, edit: (nodes: NodeMessage[]) => NodeMessage[]): Promise<Model> => {
  const message = decodeMessage<ModelMessage>('ModelProto', bytes);
  const graph = { ...message.graph, node: edit(message.graph?.node ?? []) };
  return readModel(encodeMessage('ModelProto', { ...message, graph } as ModelMessage));
};

const messagesOf = (bytes: Uint8Array): readonly NodeMessage[] =>
  decodeMessage<ModelMessage>('ModelProto', bytes).graph?.node ?? [];

/** What nodes read and give, bodies included, in the order of the names that they give. */
const wiring = (model: Model): string[] =>
  [...model.graphs()].flatMap((graph) =>
    graph
      .nodes()
      .map(({ inputs, outputs }) => [...inputs, '→', ...outputs].map((one) => (one as Value).name ?? one).join()),
  );

it('come out of their file as they went in, each reader behind those before it', async () => {
  const bytes = await writeModel(chain(1500));
  expect(bytes.length).toBeGreaterThan(1 << 16);
  const model = await readModel(bytes);
  const messages = messagesOf(bytes);
  expect(model.graph.nodes().map(({ inputs }) => inputs.map((value) => value?.name))).toEqual(
    messages.map(({ input }) => input),
  );
  const readers = messages.flatMap(({ input = [], output = [] }) =>
    input.flatMap((name) => (name === 'x' ? output : [])),
  );
  expect([...model.graph.inputs[0]!.uses].map(({ node }) => node.output.name)).toEqual(readers);
  // An edit, so that it is written anew.
  model.docString = 'edited';
  expect(messagesOf((await writeModel(model)) as Uint8Array)).toEqual(messages);
});

it('are connected alike in any order of the file', async () => {
  const bytes = await writeModel(chain(1500));
  const expected = wiring(await readModel(bytes)).sort();
  const last = ([first, ...others]: NodeMessage[]) => [...others, first as NodeMessage];
  for (const edit of [(nodes: NodeMessage[]) => nodes.reverse(), last])
    expect(wiring(await changed(bytes, edit)).sort()).toEqual(expected);
});

it('read the last of several constants of one name, whichever was there when they came', async () => {
  const bytes = await writeModel(chain(1500));
  const constant = (value: number): NodeMessage => ({
    opType: 'Constant',
    output: ['c'],
    attribute: [{ name: 'value_float', type: 1, f: value }],
  });
  const reader: NodeMessage = { opType: 'Add', input: ['x', 'c'], output: ['read'] };
  const { graph } = await changed(bytes, (nodes) => [constant(1), reader, ...nodes, constant(2)]);
  const [c] = [...graph.constants].filter(({ name }) => name === 'c');
  expect([...numbersOf(c!.tensor!)]).toEqual([2]);
  expect([...c!.uses].map(({ node }) => node.outputs[0]?.name)).toEqual(['read']);
});

it('are nested no deeper than those of small graphs, read or written', async () => {
  const deep = 'expected messages nested at most 100 deep; found deeper ones';
  /** A node, and one in its body, and so on: of the last the message stands 2 + 3 * depth deep. */
  const nested = (depth: number): Uint8Array => {
    if (depth === 0) return field(1, field(4, utf8('Leaf')));
    const body = concat(field(1, utf8('then_branch')), field(6, nested(depth - 1)), field(20, 5));
    return field(1, concat(field(4, utf8('Fork')), field(5, body)));
  };
  for (const name of [5, 1 << 16].map((length) => 'n'.repeat(length))) {
    const file = (depth: number) =>
      concat(
        field(1, 8),
        field(8, field(2, 17)),
        field(7, concat(field(1, concat(field(4, utf8('Leaf')), field(3, utf8(name)))), nested(depth))),
      );
    expect((await readModel(file(32))).graph.nodes()).toHaveLength(2);
    await expect(readModel(file(33))).rejects.toThrow(deep);
  }
  const bodies = (g: GraphBuilder, depth: number): Value =>
    g.op('If', [g.constant('bool', 1)], {
      then_branch: g.body('b', (inner) =>
        inner.output('o', depth > 0 ? bodies(inner, depth - 1) : inner.constant('float32', 1)),
      ),
    });
  const model = buildModel({ '': 17 }, (g) => g.output('y', bodies(g, 34), 'float32', []));
  await expect(writeModel(model)).rejects.toThrow(deep);
});

it('name what a node lacks, and the data of their tensors that lies elsewhere', async () => {
  const bytes = await writeModel(chain(1500));
  const lacking: NodeMessage = { opType: 'Tanh', name: 'lacking', input: ['nowhere'], output: ['t'] };
  await expect(changed(bytes, (nodes) => [lacking, ...nodes])).rejects.toThrow('none of that name');
  const t = { dims: [1], dataType: 1, dataLocation: 1, externalData: [{ key: 'location', value: 'elsewhere.bin' }] };
  const outside: NodeMessage = { opType: 'Constant', output: ['k'], attribute: [{ name: 'value', type: 4, t }] };
  await expect(changed(bytes, (nodes) => [...nodes, outside])).rejects.toThrow('elsewhere.bin');
});
