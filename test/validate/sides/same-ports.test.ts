/** Ports that change their type are compared in the original's; numbers that the new type does not hold are named. */
import { describe, expect, it } from 'vitest';
import { fp16 } from '../../../passes/fp16.js';
import { buildModel } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Value } from '../../../src/ir/value.js';
import { cloneModel } from '../../../src/ir/whole-model/clone.js';
import { optimize } from '../../../src/optimize.js';
import { validate } from '../../../src/validate/index.js';
import { withPortsOf } from '../../../src/validate/sides/same-ports.js';
import { applyPass, randomWeights } from '../../check-pass.js';

/** Two layers; `scale` multiplies what comes out. */
const layers = (scale = 1): Model =>
  buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', ['n', 16]);
    const hidden = g.op('Relu', [g.op('MatMul', [x, g.constant(randomWeights([16, 16], 0.2), 'w')])]);
    const y = g.op('MatMul', [hidden, g.constant(randomWeights([16, 8], 0.2 * scale, 3), 'v')]);
    g.output('y', y, 'float32', ['n', 8]);
    g.output('p', g.op('Softmax', [y]), 'float32', ['n', 8]);
  });

describe('fp16:keepIo=false', () => {
  it('passes its own verification', async () => {
    for (const target of ['cpu', 'cuda'] as const) {
      const { model, report } = await optimize(layers(), [fp16({ keepIo: false })], { target });
      expect(report.passes.map(({ status }) => status)).toEqual(['applied']);
      expect(report.verification.verdict?.outcome ?? 'accepted').toBe('accepted');
      expect(report.gates.every(({ passed }) => passed)).toBe(true);
      expect(model.graph.inputs.map(({ elem }) => elem)).toEqual(['float16']);
    }
  });

  it('says which outputs may leave the range, and what holds for inputs', async () => {
    const { passes } = await applyPass(fp16({ keepIo: false }), layers());
    const notes = passes[0]?.notes.map(({ text }) => text);
    expect(notes).toContain('inputs are float16, which holds numbers up to 65504: "x"');
    expect(notes).toContain('outputs that are infinite where they would pass 65504: "y"');
    const kept = await applyPass(fp16({ compute: true }), layers());
    expect(kept.passes[0]?.notes.some(({ text }) => text.includes('65504'))).toBe(false);
  });

  it('is compared in the types of the original', async () => {
    const original = layers();
    const { model } = await applyPass(fp16({ keepIo: false }), original);
    const { accuracy } = await validate(original, model, { provider: 'cpu', fidelity: 'rounding', speed: false });
    expect(accuracy.verdict?.outcome).toBe('accepted');
    expect(accuracy.notes).toContain(
      'compared in the original\'s types, behind casts: "x" (float16), "y" (float16), "p" (float16)',
    );
    expect(accuracy.outputs.map(({ name, type }) => `${name} ${type}`)).toEqual(['y float32', 'p float32']);
  });

  it('an output beyond the range is named with what it reaches', async () => {
    // The product overflows by itself too: the casts alone are wrong here.
    const original = layers(2e5);
    const narrow = cloneModel(original);
    const { graph } = narrow;
    graph.setOutputs(
      graph.outputPorts.map((port, index) => ({
        port: { ...port, type: { kind: 'tensor', elem: 'float16', shape: undefined } },
        value: graph.add('Cast', [graph.outputs[index] as Value], { attributes: { to: 10 } }).output,
      })),
    );
    const { accuracy } = await validate(original, narrow, { provider: 'cpu', fidelity: 'rounding', speed: false });
    expect(accuracy.verdict?.outcome).toBe('rejected');
    expect(accuracy.verdict?.detail).toMatch(
      /^output "y" reaches \d\.\de\d+, beyond 65504, the largest number of float16; /,
    );
    expect(accuracy.verdict?.detail).not.toContain('"p" reaches');
  });

  it('a wrong number behind changed ports is found', async () => {
    const original = layers();
    const { model } = await applyPass(fp16({ keepIo: false }), original);
    for (const value of model.graph.constants)
      if (value.name === 'v' && value.tensor)
        value.tensor = tensorOf(
          'float16',
          numbersOf(value.tensor).map((one, i) => (i === 5 ? -one * 2 : one)),
          [16, 8],
        );
    const { accuracy } = await validate(original, model, { provider: 'cpu', fidelity: 'rounding', speed: false });
    expect(accuracy.verdict?.outcome).toBe('rejected');
  });

  it('leaves other types to be errors', async () => {
    const wide = buildModel({ '': 17 }, (g) => {
      g.output('y', g.op('Cast', [g.op('Relu', [g.input('x', 'float32', [2])])], { to: 11 }), 'float64');
    });
    const plain = buildModel({ '': 17 }, (g) => g.output('y', g.op('Relu', [g.input('x', 'float32', [2])]), 'float32'));
    expect(withPortsOf(plain, wide)).toBeUndefined();
    expect(withPortsOf(plain, plain)).toBeUndefined();
  });
});
