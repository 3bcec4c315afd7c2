import { describe, expect, it } from 'vitest';
import { fullGraph } from '../../../passes/full-graph.js';
import { float } from '../../../src/ir/attribute.js';
import { type Attributes, buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Value } from '../../../src/ir/value.js';
import { placementByTables } from '../../../src/validate/placement-by-tables.js';
import { checkMiss, checkPass } from '../../check-pass.js';

/** y = f(x) turned by tables that Sin and Cos of opset 22 make, which WebGPU has no kernels for. */
const turned = (attributes: Attributes, make = (_: GraphBuilder, x: Value) => x) =>
  buildModel({ '': 23 }, (g) => {
    const x = g.input('x', 'float32', ['batch', 2, 'sequence', 8]);
    const angles = g.input('angles', 'float32', ['batch', 'sequence', 4]);
    const tables = ['Cos', 'Sin'].map((op) => g.op(op, [angles]));
    g.output('y', g.op('RotaryEmbedding', [make(g, x), ...tables], attributes), 'float32');
  });

describe('full-graph: a model in an older operator set', () => {
  it('has kernels there for Sin and Cos; newer ops by other nodes', async () => {
    const before = turned({}, (g, x) =>
      g.op('RMSNormalization', [x, g.constant('float32', [1, 2, 3, 4, 5, 6, 7, 8])], { epsilon: float(1e-6) }),
    );
    expect(placementByTables(before, 'webgpu').fallbacks).toEqual({ Sin: 1, Cos: 1 });
    const { model, result } = await checkPass(fullGraph(), { before, target: 'webgpu', within: 1e-6 });
    expect(placementByTables(model, 'webgpu')).toMatchObject({ fallbacks: {}, copies: 0 });
    expect(model.opsets.get('')).toBe(21);
    expect(result.notes.map(({ text }) => text)).toContain(
      'lowered the opset from 23 to 21, which has kernels for more of the nodes',
    );
  });

  it('stays where a node has no other form', () =>
    checkMiss(fullGraph(), {
      before: turned({ interleaved: 1 }),
      target: 'webgpu',
      reason: 'opset 21 has kernels for it, but not for RotaryEmbedding: its pairs are interleaved',
    }));

  it('stays where as many nodes would fall back', () => {
    const before = buildModel({ '': 25 }, (g) => {
      const x = g.op('Squeeze', [g.input('x', 'float32', [1, 4]), g.ints(0)]);
      g.output('y', g.op('Det', [g.op('Reshape', [x, g.ints(2, 2)])]), 'float32');
    });
    return checkPass(fullGraph(), { before, target: 'webgpu', within: 0 });
  });
});
