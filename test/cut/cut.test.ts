/** Parts of a model run as the whole does: one between two values, and chains cut between blocks. */
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { feedsOf } from '../../fixtures/feeds.js';
import { generate, type KindName } from '../../fixtures/kinds.js';
import { extractModel } from '../../src/cut/extract.js';
import { splitModel } from '../../src/cut/split.js';
import { buildModel } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import { tensorOf } from '../../src/ir/tensors/numbers.js';
import type { Value } from '../../src/ir/value.js';
import { extractFile, splitFile } from '../../src/job/cut-files.js';
import { writeFirstBlock } from '../../src/job/first-block-files.js';
import { writeModel } from '../../src/onnx/write.js';
import { fromTensorData } from '../../src/runtime/tensor-data.js';
import { Workplace } from '../cli/run-cli.js';
import { runModel, type Tensors } from '../run-model.js';

const place = new Workplace();
afterAll(() => place.remove());

const run = async (model: Model, feeds: Tensors): Promise<Tensors> => runModel(await writeModel(model), feeds);

/** A model of three layers, and inputs for it. */
function made(kind: KindName): { model: Model; feeds: Tensors } {
  const { model, dims } = generate(kind, 'miniature', 3, kind === 'unet' ? {} : { layers: 3 });
  const feeds = Object.entries(feedsOf(model, dims, 1)).map(([name, feed]) => [name, fromTensorData(feed)] as const);
  return { model, feeds: Object.fromEntries(feeds) };
}

/** Runs a chain by its contract alone. */
async function runChain({ models, chain }: ReturnType<typeof splitModel>, feeds: Tensors): Promise<Tensors> {
  const given: Tensors[] = [];
  for (const [part, { inputs }] of chain.parts.entries()) {
    const own = inputs.map(({ name }) => {
      const feed = chain.feeds.find(({ to }) => to.part === part && to.input === name);
      return [name, feed ? given[feed.from.part]?.[feed.from.output] : feeds[name]] as const;
    });
    given.push(await run(models[part] as Model, Object.fromEntries(own) as Tensors));
  }
  return Object.fromEntries(chain.outputs.map(({ name, part }) => [name, given[part]?.[name]])) as Tensors;
}

const bytesOf = (tensors: Tensors) =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, bytes }]) => [
      name,
      [shape, Buffer.from(bytes.call(tensors[name])).toString('base64')],
    ]),
  );

describe('split', () => {
  it.each(['dit', 'decoder', 'unet'] as const)('a chain of %s gives what the whole gives, bit by bit', async (kind) => {
    const { model, feeds } = made(kind);
    const found = splitModel(model, 3);
    const whole = await run(model, feeds);
    expect(bytesOf(await runChain(found, feeds))).toEqual(bytesOf(whole));
    const { parts } = found.chain;
    const total = parts.reduce((sum, { bytes }) => sum + bytes, 0);
    // Small blocks cannot be divided: the heaviest part of three is far from the whole.
    expect(Math.max(...parts.map(({ bytes }) => bytes)) / total).toBeLessThan(0.6);
  });

  it('refuses more parts than there are places, with their number', () => {
    const { model } = made('dit');
    expect(() => splitModel(model, 500)).toThrow(/--blocks 500: expected at most .* found \d+ such places/);
    expect(() => splitModel(model, 1)).toThrow('expected a whole number of models, 2 or more; found 1');
  });

  it('writes the parts and their contract', async () => {
    await place.write(made('decoder').model);
    const { status, stdout } = await place.run(['split', 'model.onnx', '--blocks', '2', '-o', 'parts']);
    expect([status, stdout]).toEqual([
      0,
      expect.stringContaining('model.chain.json says which output feeds which input'),
    ]);
    const chain = place.json('parts/model.chain.json') as { parts: { file: string }[] };
    expect(chain.parts.map(({ file }) => file)).toEqual(['model.1.onnx', 'model.2.onnx']);
  });

  it('takes the place of a longer chain: parts that only the old contract names are removed', async () => {
    const out = join(place.folder, 'again');
    const input = join(place.folder, 'model.onnx');
    await writeModel(made('decoder').model, input);
    await splitFile(input, { out, blocks: 3 });
    await writeFile(join(out, 'model.9.onnx'), "somebody's");
    await splitFile(input, { out, blocks: 2 });
    const names = ['model.1.onnx', 'model.2.onnx', 'model.9.onnx', 'model.chain.json'];
    expect((await readdir(out)).sort()).toEqual(names);
  });
});

/** y = W₂·relu(W₁·x) where `on`, else −that; z = y + x. The If reads values of the main graph. */
const branching = (): Model =>
  buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', ['n', 2]);
    const on = g.input('on', 'bool', []);
    const a = g.op(
      'MatMul',
      [x, g.constant('float32', [1, 2, 3, 4], [2, 2], 'W1')],
      {},
      { outputs: ['a'], name: 'first' },
    );
    const b = g.op('Relu', [a], {}, { outputs: ['b'] });
    const c = g.op('MatMul', [b, g.constant('float32', [1, -1, 2, 1], [2, 2], 'W2')], {}, { outputs: ['c'] });
    const branch = (name: string, op: string) =>
      g.body(name, (inner) => inner.output('given', inner.op(op, [c], {}, { outputs: [`inside_${name}`] })));
    const y = g.op(
      'If',
      [on],
      { then_branch: branch('yes', 'Identity'), else_branch: branch('no', 'Neg') },
      { outputs: ['y'] },
    );
    g.output('z', g.op('Add', [y, x], {}, { outputs: ['z'] }), 'float32', ['n', 2]);
  });

const feeds = { x: tensorOf('float32', [1, -2, 0.5, 3], [2, 2]), on: tensorOf('bool', [0], []) };

describe('extract', () => {
  it('gives the part that bodies read from, with the weights of that part alone', async () => {
    const whole = branching();
    const first = extractModel(whole, { to: ['b'] });
    const second = extractModel(whole, { from: ['b'], to: ['y'] });
    expect([first.needed, second.needed]).toEqual([['x'], ['on']]);
    expect([...second.model.graph.constants].map(({ name }) => name)).toEqual(['W2']);
    const { b } = await run(first.model, feeds);
    const { y } = await run(second.model, { ...feeds, b: b as never });
    const { z } = await run(whole, feeds);
    const rest = await run(extractModel(whole, { from: ['y'] }).model, { ...feeds, y: y as never });
    expect(bytesOf(rest)).toEqual(bytesOf({ z: z as never }));
  });

  it('leaves out an output that is fed, unless it is asked for', () => {
    const whole = branching();
    const a = [...whole.graph.values()].find(({ name }) => name === 'a');
    whole.graph.output('a', a as Value);
    const { graph } = extractModel(whole, { from: ['a'] }).model;
    expect(graph.outputPorts.map(({ name }) => name)).toEqual(['z']);
    expect(() => extractModel(whole, { from: ['a'], to: ['a'] })).toThrow(
      'to "a": expected a value behind those of from',
    );
  });

  it('refuses names with those near them, and ends that do not meet', () => {
    const model = branching();
    const asked = (from: string[], to: string[]) => () => extractModel(model, { from, to });
    expect(asked(['d'], ['z'])).toThrow(/from: unknown value "d"; near it are ".*optimize inspect --values/);
    expect(asked(['first'], ['z'])).toThrow('a node has this name, which gives "a"');
    expect(asked(['inside_no'], ['z'])).toThrow('expected a value of the main graph; found one inside If');
    expect(asked(['W1'], ['z'])).toThrow('expected a value that is computed; found a constant');
    expect(asked(['y'], ['b'])).toThrow('from "y": expected a value that leads to b');
    expect(asked(['b'], ['b'])).toThrow('found one of them');
    expect(() => extractModel(model, { from: ['z'] })).toThrow(
      'from "z": expected values that lead to an output; found the outputs themselves',
    );
    expect(asked(['b'], ['x'])).toThrow('to "x": expected a value that is computed; found an input');
  });

  it('refuses places that files have, before it reads', async () => {
    const file = place.path('file');
    await writeFile(file, '');
    await expect(splitFile('none.onnx', { out: file })).rejects.toThrow(`${file}: expected a folder; found a file`);
    await expect(splitFile('none.onnx', { out: join(file, 'a') })).rejects.toThrow(`found a file at ${file}`);
    await expect(writeFirstBlock('none.onnx', { out: file })).rejects.toThrow(`${file}: expected a folder`);
    await expect(extractFile('none.onnx', { out: join(file, 'a.onnx') })).rejects.toThrow('expected a folder to write');
  });

  it('is a command that says what else the part needs', async () => {
    await place.write(branching(), 'branching.onnx');
    const { status, stdout } = await place.run([
      'extract',
      'branching.onnx',
      '--from',
      'b',
      '--to',
      'c,y',
      '-o',
      'part.onnx',
    ]);
    expect([status, stdout]).toEqual([0, expect.stringMatching(/b, on ⟶ c, y\nit also needs the inputs on\n/)]);
    const refused = await place.run(['extract', 'branching.onnx', '-o', 'branching.onnx']);
    expect([refused.status, refused.stderr]).toEqual([
      1,
      expect.stringContaining('expected another path than the input'),
    ]);
  });
});
