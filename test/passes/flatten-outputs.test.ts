import { describe, expect, it } from 'vitest';
import { classLabelsKey, flattenOutputs } from '../../passes/flatten-outputs.js';
import { buildModel } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import { tensorOf } from '../../src/ir/numbers.js';
import type { Type } from '../../src/ir/types.js';
import { writeModel } from '../../src/onnx/write.js';
import { checkMiss, checkPass } from '../check-pass.js';
import { runModel } from '../run-model.js';

const opsets = { '': 17, 'ai.onnx.ml': 1 };
const sequence: Type = {
  kind: 'sequence',
  elem: { kind: 'map', key: 'int64', value: { kind: 'tensor', elem: 'float32', shape: [] } },
};

const classifier = (labels: Record<string, readonly number[] | readonly string[]>): Model =>
  buildModel(opsets, (g) => {
    const x = g.input('x', 'float32', ['batch', 3]);
    const p = g.op('Softmax', [x], { axis: -1 });
    g.output('p', g.op('ZipMap', [p], labels, { domain: 'ai.onnx.ml' }), sequence);
  });

describe('flatten-outputs', () => {
  it('gives the probabilities under the name of the ZipMap output, and keeps the labels', async () => {
    const { model, result } = await checkPass(flattenOutputs(), {
      before: classifier({ classlabels_int64s: [7, 8, 9] }),
      ops: { Softmax: 1 },
      within: 0,
      keepsInterface: false,
    });
    expect(result.notes[0]?.text).toContain('onnx-passes.class-labels.p');
    const { p } = await runModel(await writeModel(model), { x: tensorOf('float32', [0, 0, 0], [1, 3]) });
    expect(p?.shape).toEqual([1, 3]);
  });

  it('keeps labels that are strings', async () => {
    const { model } = await checkPass(flattenOutputs(), {
      before: classifier({ classlabels_strings: ['a"b', 'ü'] }),
      within: 0,
      keepsInterface: false,
    });
    expect(model.metadata).toEqual([{ key: classLabelsKey('p'), value: '["a\\"b","ü"]' }]);
  });

  it('leaves a ZipMap that something else reads', async () => {
    const before = classifier({ classlabels_int64s: [7, 8, 9] });
    const zipMap = before.graph.outputs[0];
    if (!zipMap) throw new Error('no output');
    before.graph.output('length', before.graph.add('SequenceLength', [zipMap]).output);
    await checkMiss(flattenOutputs(), { before, reason: 'other users' });
  });

  it('leaves other sequences', async () => {
    const before = buildModel(opsets, (g) => {
      const x = g.input('x', 'float32', [2]);
      g.output('s', g.op('SequenceConstruct', [x, x]), {
        kind: 'sequence',
        elem: { kind: 'tensor', elem: 'float32', shape: [2] },
      });
    });
    before.graph.outputs.forEach((value) => {
      value.type = before.graph.outputPorts[0]?.type;
    });
    await checkMiss(flattenOutputs(), { before, reason: 'kind sequence' });
  });
});
