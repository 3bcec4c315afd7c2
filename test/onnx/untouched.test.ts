/** An edit leaves everything else as it was: declared types, and every message outside of the edited place. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inferTypes } from '../../src/infer/index.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { numbersOf, tensorOf } from '../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../src/ir/tensors/tensor.js';
import { decodeMessage } from '../../src/onnx/codec/message.js';
import type { GraphMessage, ModelMessage } from '../../src/onnx/proto/messages.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { optimize } from '../../src/optimize.js';
import { fixtures, modelFolders } from '../models.js';
import { runModel } from '../run-model.js';
import { floats, info, modelBytes, node } from './bytes.js';
import { edit } from './edit.js';

const same = async (model: Model, bytes: Uint8Array): Promise<void> =>
  expect(Buffer.from(await writeModel(model))).toEqual(Buffer.from(bytes));

describe('declared types', () => {
  const chain = [node('Neg', ['x'], ['a']), node('Relu', ['a'], ['y'])];
  const files: [string, GraphMessage][] = [
    ['of more than is inferred', { node: chain, valueInfo: [{ ...info('a'), docString: 'd' }] }],
    [
      'of less than is inferred',
      { node: chain, valueInfo: [info('a', 1, [])].map((one) => ({ ...one, type: { tensorType: { elemType: 1 } } })) },
    ],
    [
      'with dims of other names',
      {
        node: chain,
        valueInfo: [{ name: 'a', type: { tensorType: { elemType: 1, shape: { dim: [{ dimParam: 'own' }] } } } }],
      },
    ],
    ['of other dims', { node: chain, valueInfo: [info('a', 1, [3])], output: [info('y', 1, [5])] }],
    ['of another rank', { node: chain, valueInfo: [info('a', 1, [2, 3])] }],
    ['of another element type', { node: chain, valueInfo: [info('a', 7)], output: [info('y', 10)] }],
  ];
  it.each(files)('%s are written as they were', async (_, graph) => {
    const bytes = modelBytes({}, graph);
    const model = await readModel(bytes);
    inferTypes(model);
    edit(model);
    inferTypes(model);
    await same(model, bytes);
    const { model: result } = await optimize(await readModel(bytes), 'simplify', { verify: 'none' });
    await same(result, bytes);
  });

  it('follow an edit that refutes them', async () => {
    const model = await readModel(modelBytes({}, { node: chain, valueInfo: [info('a')] }));
    const { graph } = model;
    inferTypes(model);
    const [neg] = graph.nodes();
    graph.setInput(neg as Node, 0, graph.add('Cast', [graph.inputs[0]], { attributes: { to: 11 } }).output);
    inferTypes(model);
    const written = decodeMessage<ModelMessage>('ModelProto', await writeModel(model)).graph;
    expect(written?.valueInfo?.[0]?.type?.tensorType?.elemType).toBe(11);
  });

  /** onnxruntime's own LayerNormalization, before opset 17, gives what its scale is. */
  const mixed = modelBytes(
    { opsetImport: [{ domain: '', version: 16 }] },
    {
      initializer: [floats('s', [1, 1])],
      input: [info('x', 10)],
      node: [node('LayerNormalization', ['x', 's'], ['n']), node('Exp', ['n'], ['e']), node('Exp', ['e'], ['y'])],
      valueInfo: [info('n'), info('e')],
    },
  );

  it.each(['simplify', 'simplify,fuse-norm,fp16', 'int8'])(
    'of a LayerNormalization of float16 with a scale of float32 stay, and it runs, through %s',
    async (passes) => {
      const x = tensorOf('float16', [1, 2]);
      const { model } = await optimize(await readModel(mixed), passes, { verify: 'none' });
      const [before, after] = [await runModel(mixed, { x }), await runModel(await writeModel(model), { x })];
      const [y, z] = [before, after].map((outputs) => [...numbersOf(outputs.y as Tensor)]);
      for (const [at, value] of z?.entries() ?? []) expect(value).toBeCloseTo(y?.[at] as number, 2);
    },
  );
});

it('a graph without outputs is refused: nothing of it would be left', async () => {
  const model = await readModel(modelBytes({}, { output: [] }));
  await expect(optimize(model, 'simplify', { verify: 'none' })).rejects.toThrow(
    'graph "main": expected an output; found none',
  );
});

it('an output listed twice is given twice, through passes', async () => {
  const bytes = modelBytes(
    {},
    { output: [info('y'), info('y')], node: [node('Identity', ['x'], ['a']), node('Neg', ['a'], ['y'])] },
  );
  for (const passes of ['simplify', 'fp16', 'int8']) {
    const { model } = await optimize(await readModel(bytes), passes, { verify: 'none' });
    const { graph } = decodeMessage<ModelMessage>('ModelProto', await writeModel(model));
    expect(graph?.output?.map(({ name }) => name)).toEqual(['y', 'y']);
    const { y } = await runModel(await writeModel(model), {
      x: tensorOf(model.graph.inputs[0]?.elem ?? 'float32', [1, -2]),
    });
    expect([...numbersOf(y as Tensor)]).toEqual([-1, 2]);
  }
});

describe('a pass that finds nothing', () => {
  it.each(['fuse-attn', 'fuse-attn,fuse-norm,fuse-act'])('%s writes the file as it was', async (passes) => {
    // Fields in an order that no encoder writes.
    const [head, graph] = [modelBytes({ graph: undefined }), modelBytes().subarray(2)];
    const bytes = new Uint8Array(Buffer.concat([graph, head.subarray(0, 2)]));
    const { model, report } = await optimize(await readModel(bytes), passes, { verify: 'none' });
    expect(report.passes.every(({ status }) => status === 'unchanged')).toBe(true);
    await same(model, bytes);
  });
});

describe('an edit at one node', () => {
  const at = <T>(list: readonly T[], random: () => number): T => list[Math.floor(random() * list.length)] as T;

  /** Messages of a graph, each as text, without the node that was edited and what was added. */
  const messages = ({ graph }: ModelMessage, edited: string): string[] => {
    const {
      node: nodes = [],
      initializer = [],
      sparseInitializer = [],
      input = [],
      output = [],
      valueInfo = [],
      ...rest
    } = graph ?? {};
    const ours = nodes.filter((one) => one.output?.[0] !== edited && one.output?.[0] !== 'added');
    return [...ours, ...initializer, ...sparseInitializer, ...input, ...output, ...valueInfo, rest].map((one) =>
      JSON.stringify(one),
    );
  };

  /** Numbers from 0 to 1 that are the same in every run. */
  const randomFrom = (seed: number) => {
    let state = seed;
    return (): number => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return state / 2 ** 31;
    };
  };

  it('leaves every other message as it was', async () => {
    const random = randomFrom(60);
    for (const folder of modelFolders(fixtures)) {
      const bytes = new Uint8Array(readFileSync(`${folder}/model.onnx`));
      const model = await readModel(bytes);
      inferTypes(model);
      const { graph } = model;
      const node = at(
        graph.nodes().filter(({ inputs, outputs }) => inputs[0] && outputs[0]),
        random,
      );
      if (!node) continue;
      if (random() < 0.5) graph.setAttribute(node, 'added', 1);
      else graph.setInput(node, 0, graph.add('Identity', [node.inputs[0]], { outputs: ['added'] }).output);
      inferTypes(model);
      const [before, after] = [bytes, await writeModel(model)].map((one) =>
        messages(decodeMessage<ModelMessage>('ModelProto', one), node.output.name).sort(),
      );
      expect(after, folder).toEqual(before);
    }
  });
});
