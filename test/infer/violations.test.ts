/** Violations of operators' demands: reported where a runtime refuses too, and for no model that runs (of exporters' models: test/onnx/round-trip.test.ts). */
import { describe, expect, it } from 'vitest';
import { inferTypes } from '../../src/infer/index.js';
import { buildModel, type GraphBuilder } from '../../src/ir/build.js';
import { memoryTensor } from '../../src/ir/tensors/tensor.js';
import type { DataType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { optimize } from '../../src/optimize.js';
import { inspectModel } from '../../src/report/inspect/inspection.js';
import { inspectionText } from '../../src/report/text/inspection.js';
import { reportText } from '../../src/report/text.js';
import { runModel } from '../run-model.js';
import { readCases } from './backend-cases.js';

const sizes: Partial<Record<DataType, number>> = { float32: 4, int64: 8, bool: 1, int32: 4 };

/** A model of one node called `node`; its inputs are written as `float32 3 4`, constants of small integers as `=5 -1`. */
function one(opType: string, inputs: readonly string[], attributes: Record<string, number | number[]> = {}) {
  return buildModel({ '': 17 }, (g) => {
    const value = (text: string, index: number): Value => {
      if (text.startsWith('=')) return g.ints(...text.slice(1).split(' ').map(Number));
      const [elem, ...dims] = text.split(' ');
      return g.input(
        `x${index}`,
        elem as DataType,
        dims.map((dim) => (/^\d+$/.test(dim) ? Number(dim) : dim)),
      );
    };
    const { output } = g.node(opType, inputs.map(value), attributes, { name: 'node' });
    g.output('y', output);
  });
}

const texts = (model: ReturnType<typeof one>) => inferTypes(model).violations.map(({ text }) => text);

/** Runs it with zeros; a symbol is 3. */
async function run(model: ReturnType<typeof one>) {
  const feeds = model.graph.inputs.map(({ name, type }) => {
    if (type?.kind !== 'tensor') throw new TypeError(`${name}: expected a tensor`);
    const shape = (type.shape ?? []).map((dim) => (typeof dim === 'number' ? dim : 3));
    const bytes = shape.reduce((a, b) => a * b, sizes[type.elem] as number);
    return [name, memoryTensor(type.elem, shape, new Uint8Array(bytes))] as const;
  });
  return runModel(await writeModel(model), Object.fromEntries(feeds));
}

describe('violations', () => {
  it.each<[string, string[], Record<string, number | number[]>, string]>([
    ['Add', ['float32 3 4', 'float32 5'], {}, 'shapes that broadcast; found float32[3, 4] and float32[5]'],
    ['Add', ['float32 n 4', 'float32 5'], {}, 'shapes that broadcast; found float32[n, 4] and float32[5]'],
    ['Add', ['float32 4', 'int64 4'], {}, 'one element type; found float32[4] and int64[4]'],
    ['Not', ['float32 4'], {}, 'X of bool; found float32[4]'],
    ['Reshape', ['float32 4', 'int32 1'], {}, 'shape of int64; found float32[4] and int32[1]'],
    [
      'MatMul',
      ['float32 3 4', 'float32 5 2'],
      {},
      'as many columns on the left as rows on the right, not 4 and 5; found',
    ],
    ['MatMul', ['float32 2 3 4', 'float32 3 4 2'], {}, 'batches that broadcast; found'],
    ['MatMul', ['float32', 'float32 3'], {}, 'matrices or vectors; found'],
    [
      'Gemm',
      ['float32 2 3', 'float32 4 5'],
      {},
      'as many columns on the left as rows on the right, not 3 and 4; found',
    ],
    ['Gemm', ['float32 1 2 3', 'float32 3 5'], {}, 'two matrices; found'],
    ['Reshape', ['float32 3 4', '=5 -1'], {}, 'a multiple of 5 elements for [5, -1], not 12; found'],
    ['Reshape', ['float32 3 4', '=5 3'], {}, '15 elements for [5, 3], not 12; found'],
    ['Reshape', ['float32 3 4', '=3 4 0'], {}, 'a dim to copy for each 0 of [3, 4, 0]; found'],
    ['Reshape', ['float32 3 4', '=-1 -1'], {}, 'one -1 at most in [-1, -1]; found'],
    ['Expand', ['float32 3', '=2 4'], {}, 'a shape that broadcasts with [2, 4]; found'],
    ['Concat', ['float32 2 3', 'float32 2 3 4'], { axis: 0 }, 'inputs of one rank; found'],
    ['Concat', ['float32 2 3', 'float32 2 4'], { axis: 0 }, 'dims that are equal but for axis 0; found'],
    ['Concat', ['float32 2 3', 'float32 2 3'], { axis: 2 }, 'an axis of its inputs, not 2; found'],
    ['Transpose', ['float32 3 4 5'], { perm: [1, 0] }, 'rank 2, as perm has; found float32[3, 4, 5]'],
    ['Conv', ['float32 1 3 8 8', 'float32 4 2 3 3'], {}, '2 channels, not 3; found'],
    ['Conv', ['float32 1 3 8 8', 'float32 4 3 3'], {}, 'data and weights of one rank; found'],
  ])('%s of %j %j: the runtime refuses it too', async (opType, inputs, attributes, expected) => {
    const model = one(opType, inputs, attributes);
    expect(texts(model)).toEqual([expect.stringContaining(`${opType} "node": expected ${expected}`)]);
    await expect(run(model)).rejects.toThrow(new RegExp(opType));
  });

  it.each<[string, string[], Record<string, number | number[]>]>([
    ['Add', ['float32 n 4', 'float32 m 1'], {}],
    ['MatMul', ['float32 2 n', 'float32 m 4'], {}],
    ['Reshape', ['float32 n 4', '=6 -1'], {}],
    ['Reshape', ['float32 0 4', '=-1 4'], {}],
    ['Concat', ['float32 n 3', 'float32 m 3'], { axis: 1 }],
    ['Pow', ['float32 4', 'int64 4'], {}],
  ])('%s of %j may hold, and says nothing', async (opType, inputs, attributes) => {
    const model = one(opType, inputs, attributes);
    expect(texts(model)).toEqual([]);
    await run(model);
  });

  it('looks at types alone in a branch, which may never run', () => {
    const model = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [3, 4]);
      const branch = (name: string, other: (inner: GraphBuilder) => Value) =>
        g.body(name, (inner) => inner.output(`${name} out`, inner.op('Add', [x, other(inner)])));
      const bodies = {
        then_branch: branch('a', () => g.input('five', 'float32', [5])),
        else_branch: branch('b', () => g.input('whole', 'int64', [4])),
      };
      g.output('y', g.node('If', [g.input('c', 'bool', [])], bodies, { name: 'choice' }).output);
    });
    expect(texts(model)).toEqual([expect.stringMatching(/expected one element type/)]);
  });

  it('are in the report, on the terminal and in what inspect shows', async () => {
    const model = one('Add', ['float32 3 4', 'float32 5']);
    const text = /Add "node": expected shapes that broadcast; found float32\[3, 4\] and float32\[5\]/;
    const { report } = await optimize(model, 'simplify', { verify: 'none' });
    expect(report.warnings).toEqual([{ text: expect.stringMatching(text), at: 'node' }]);
    expect(reportText(report).replaceAll(/\s+/g, ' ')).toMatch(text);
    const inspection = inspectModel(model, inferTypes(model));
    expect(inspection.violations).toEqual([
      { scope: '', node: 'Add "node"', expected: 'shapes that broadcast', found: 'float32[3, 4] and float32[5]' },
    ]);
    expect(inspectionText(inspection, { isColoured: false })).toMatch(text);
  });

  it('are ops that the imported operator set lacks, with the first that has them', () => {
    const gelu = (opset: number) =>
      buildModel({ '': opset }, (g) =>
        g.output('y', g.op('Gelu', [g.input('x', 'float32', [2])], {}, { name: 'node' })),
      );
    expect(inferTypes(gelu(17)).violations.map(({ text }) => text)).toEqual([
      'Gelu "node": expected opset 20 or newer, the first that has it; found opset 17',
    ]);
    expect(inferTypes(gelu(20)).violations).toEqual([]);
  });

  it('are none in the node tests of ONNX', async () => {
    const found: string[] = [];
    for (const { name, model } of readCases())
      for (const { text } of inferTypes(await readModel(model)).violations) found.push(`${name}: ${text}`);
    expect(found).toEqual([]);
  });
});
