/** What flatten-outputs makes is compared with the original although the runtime cannot fetch what that gives. */
import { describe, expect, it } from 'vitest';
import { flattenOutputs } from '../../../passes/flatten-outputs.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { type Type, tensorType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { cloneModel } from '../../../src/ir/whole-model/clone.js';
import { validate } from '../../../src/validate/index.js';
import { applyPass } from '../../check-pass.js';

const sequence: Type = { kind: 'sequence', elem: tensorType('float32') };
const made = (define: (g: GraphBuilder, x: Value) => Value, type: Type = sequence): Model =>
  buildModel({ '': 17, 'ai.onnx.ml': 1 }, (g) => {
    const x = g.input('x', 'float32', ['n', 3]);
    g.output('s', define(g, x), type);
    g.output('y', g.op('Neg', [x]));
  });

const maps: Type = { kind: 'sequence', elem: { kind: 'map', key: 'int64', value: tensorType('float32', []) } };
const models: Readonly<Record<string, Model>> = {
  list: made((g, x) => g.op('SequenceConstruct', [g.op('Abs', [x]), x])),
  stack: made((g, x) => g.op('SplitToSequence', [x], { keepdims: 0 })),
  packed: made((g, x) => g.op('SplitToSequence', [x, g.op('Min', [g.op('Size', [x]), g.constant('int64', 2)])])),
  maps: made((g, x) => g.op('ZipMap', [x], { classlabels_int64s: [0, 1, 2] }, { domain: 'ai.onnx.ml' }), maps),
  optional: made((g, x) => g.op('Optional', [x]), { kind: 'optional', elem: tensorType('float32') }),
  bfloat16: made((g, x) => g.op('Cast', [x], { to: 16 }), tensorType('bfloat16')),
};

const compare = async (original: Model, result: Model) =>
  (await validate(original, result, { provider: 'cpu', speed: false })).accuracy;

describe('a flattened result', () => {
  it.each(Object.keys(models))('is compared port by port: %s', async (kind) => {
    const original = models[kind] as Model;
    const { model } = await applyPass(flattenOutputs(), original);
    const { outputs, failures, notCompared } = await compare(original, model);
    expect([failures, notCompared]).toEqual([[], []]);
    expect(outputs.map(({ name }) => name)).toEqual(model.graph.outputPorts.map(({ name }) => name));
    expect(outputs.every(({ maxAbs }) => maxAbs === 0)).toBe(true);
  });

  it('that is wrong is found out', async () => {
    const original = models.list as Model;
    const { model } = await applyPass(flattenOutputs(), original);
    const wrong = cloneModel(model);
    const { graph } = wrong;
    const [a, b, y] = graph.outputPorts.map((port, index) => ({ port, value: graph.outputs[index] as Value }));
    if (!a || !b || !y) throw new Error('three ports expected');
    graph.setOutputs([{ ...a, value: b.value }, { ...b, value: a.value }, y]);
    const { outputs } = await compare(original, wrong);
    expect(outputs.filter(({ maxAbs }) => maxAbs !== 0).map(({ name }) => name)).toEqual(['s.0', 's.1']);
  });

  it('may lack what was left out on purpose, and nothing else', async () => {
    const original = models.list as Model;
    const { model } = await applyPass(flattenOutputs({ outputs: ['s'] }), original);
    expect((await compare(original, model)).failures).toEqual([]);
    const wrong = cloneModel((await applyPass(flattenOutputs(), original)).model);
    const { graph } = wrong;
    graph.setOutputs(
      graph.outputPorts.slice(0, 2).map((port, index) => ({ port, value: graph.outputs[index] as Value })),
    );
    expect((await compare(original, wrong)).failures).toEqual(['output "y": expected float32; found no such output']);
  });
});
