import { describe, expect, it } from 'vitest';
import { injectionsAmong, kinds, withFault } from '../../../bench/injections/inject.js';
import { decoder } from '../../../fixtures/decoder.js';
import { encoder } from '../../../fixtures/encoder.js';
import { bisect } from '../../../src/bisect.js';
import { inferTypes } from '../../../src/infer/index.js';
import { buildModel } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import type { Node } from '../../../src/ir/node.js';
import { numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Value } from '../../../src/ir/value.js';
import { cloneModel } from '../../../src/ir/whole-model/clone.js';
import { optimize } from '../../../src/optimize.js';
import { partsOf } from '../../../src/region/blocks/parts.js';
import { validate } from '../../../src/validate/index.js';
import { Random } from '../../../src/validate/inputs/random.js';

const base = encoder({ layers: 4, hidden: 32, heads: 2, intermediate: 64, vocabulary: 50, positions: 32, seed: 1 });
const node = (model: Model, name: string): Node => {
  const found = [...model.graph.nodeSet].find((one) => one.name === name);
  if (!found) throw new Error(`no node ${name}`);
  return found;
};
/** A copy of which one constant holds other numbers. */
function withNumbers(model: Model, name: string, at: number, f: (x: number) => number): Model {
  const copy = cloneModel(model);
  const own = node(copy, name);
  const { tensor } = own.inputs[at] as Value;
  if (!tensor) throw new Error(`${name} reads no constant at ${at}`);
  const numbers = [...numbersOf(tensor)].map(f);
  copy.graph.setInput(
    own,
    at,
    copy.graph.constant(tensorOf(tensor.type, numbers, tensor.shape), (own.inputs[at] as Value).name),
  );
  return copy;
}
const titleOf = ({ parts, first }: Awaited<ReturnType<typeof bisect>>): string => {
  const part = parts[first?.part ?? -1];
  return part ? `${part.name} ${part.instance?.number} of ${part.instance?.of}` : 'none';
};
/** A copy in which every computed value and node has another name. */
function renamed(model: Model): Model {
  const copy = cloneModel(model);
  let count = 0;
  for (const one of copy.graph.nodeSet) {
    one.name = `n${count++}`;
    for (const value of one.outputs) if (value) value.name = `${(count * 7) % 1000}`;
  }
  for (const value of copy.graph.constants) value.name = `c${count++}`;
  return copy;
}

describe('bisect', () => {
  const wrongScale = withNumbers(base, '/encoder/layer.2/attention/self/Div', 1, (x) => x / 2);

  it('names the layer, the node and the constant of a wrong scale', async () => {
    const found = await bisect(base, wrongScale);
    expect(titleOf(found)).toBe('encoder layer 3 of 4');
    expect(found.first?.node).toBe('Div "/encoder/layer.2/attention/self/Div"');
    // Twice the scores.
    expect(found.first?.error).toBeCloseTo(1, 3);
    expect(found.first?.inherited).toBe(0);
    expect(found.first?.constants).toHaveLength(1);
    expect(found.outputError).toBeGreaterThan(1e-3);
    // With the right scores both models compute the same.
    expect(found.first?.without).toBe(0);
    // The embeddings and the two layers before have no error, those behind have one.
    const errors = found.parts.filter(({ name }) => name === 'encoder layer').map(({ error }) => error);
    expect(errors.slice(0, 2)).toEqual([0, 0]);
    for (const error of errors.slice(2)) expect(error).toBeGreaterThan(1e-3);
    expect(found.notCompared).toEqual({ alone: 0, inside: 0 });
  });

  it('finds no drift between equal models, and none in the noise of fused kernels', async () => {
    const equal = await bisect(base, cloneModel(base));
    expect(equal.first).toBeUndefined();
    expect(equal.drifts).toEqual([]);
    expect(equal.outputError).toBe(0);
    const { model } = await optimize(base, 'exact', { target: 'cpu', verify: 'none' });
    const fused = await bisect(base, model);
    expect(fused.notCompared.alone).toBeGreaterThan(20);
    expect(fused.first).toBeUndefined();
    expect(fused.outputError).toBeLessThan(1e-5);
  });

  it('finds a fault behind fusions, although the faulty node is gone', async () => {
    const { model } = await optimize(wrongScale, 'exact', { target: 'cpu', verify: 'none' });
    const found = await bisect(base, model);
    expect(titleOf(found)).toBe('encoder layer 3 of 4');
    expect(found.first?.nodes).toContain('Div "/encoder/layer.2/attention/self/Div"');
    expect(found.first?.without).toBeLessThan(1e-5);
  });

  it('finds a fault in a graph whose names are all others, some of them those of other values', async () => {
    const found = await bisect(renamed(base), renamedOtherwise(wrongScale));
    expect(found.first?.node).toMatch(/^Div /);
    expect(titleOf(found)).toMatch(/ 3 of 4$/);
    expect(found.notCompared.alone).toBeLessThan(20);
  });

  it('names the place where NaN comes up, not where it shows', async () => {
    const broken = withNumbers(base, '/encoder/layer.1/output/dense/Add', 0, () => Number.NaN);
    const found = await bisect(base, broken);
    expect(titleOf(found)).toBe('encoder layer 2 of 4');
    expect(found.first?.node).toBe('Add "/encoder/layer.1/output/dense/Add"');
    expect(found.first?.error).toBe(Number.POSITIVE_INFINITY);
    expect(found.outputError).toBe(Number.POSITIVE_INFINITY);
    expect(found.first?.without).toBe(0);
  });

  it('passes over values of one name that are different things', async () => {
    const model = (scale: number, other: number): Model =>
      buildModel({ '': 17 }, (g) => {
        const x = g.input('x', 'float32', [4, 8]);
        const clash = g.op('Mul', [x, g.constant('float32', other)], {}, { name: 'clash', outputs: ['clash'] });
        const back = g.op(
          'Mul',
          [clash, g.constant('float32', 1 / other)],
          {},
          { name: 'back', outputs: [`back${other}`] },
        );
        g.output(
          'y',
          g.op('Mul', [back, g.constant('float32', scale)], {}, { name: 'scale', outputs: ['y'] }),
          'float32',
          [4, 8],
        );
      });
    const found = await bisect(model(3, 1), model(5, 2));
    expect(found.first?.node).toBe('Mul "scale"');
    expect(found.first?.without).toBeLessThan(1e-6);
  });

  it('runs on given inputs, and counts what is inside of bodies as not compared', async () => {
    const model = (by: number): Model =>
      buildModel({ '': 17 }, (g) => {
        const x = g.input('x', 'float32', [2, 3]);
        const branch = (name: string, op: string) =>
          g.body(name, (inner) => inner.output(`${name}.out`, inner.op(op, [x])));
        const chosen = g.node('If', [g.input('c', 'bool', [])], {
          then_branch: branch('a', 'Neg'),
          else_branch: branch('b', 'Abs'),
        });
        g.output('y', g.op('Add', [chosen.output, g.constant('float32', by)], {}, { name: 'add' }), 'float32', [2, 3]);
      });
    const found = await bisect(model(1), model(2), { shapes: { x: [2, 3] } });
    expect(found.first?.node).toBe('Add "add"');
    expect(found.notCompared.inside).toBe(2);
  });

  it('rejects where the result does not run', async () => {
    const bad = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', ['n', 8]);
      g.output('y', g.op('MatMul', [x, g.constant('float32', [1, 2, 3], [3, 1])]), 'float32', ['n', 1]);
    });
    const good = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', ['n', 8]);
      g.output('y', g.op('ReduceSum', [x, g.ints(1)]), 'float32', ['n', 1]);
    });
    await expect(bisect(good, bad)).rejects.toThrow(/MatMul|dimension/i);
  });
});

/** The same as `renamed`, with numbers that stand for other values there. */
function renamedOtherwise(model: Model): Model {
  const copy = renamed(model);
  for (const one of copy.graph.nodeSet)
    for (const value of one.outputs) if (value) value.name = `${(Number(value.name) + 77) % 1000}`;
  return copy;
}

describe('injected faults', () => {
  const models = {
    encoder: base,
    decoder: decoder({ layers: 3, hidden: 32, heads: 4, kvHeads: 2, intermediate: 48, vocabulary: 60, seed: 2 }),
  };
  // Seeds chosen by nothing: each draws a layer, a node in it and what is wrong there.
  it.each([0, 1])('are rejected by the exact gate and found in their layer, seed %i', async (seed) => {
    const random = Random.of(seed, 'bisect');
    const model = seed % 2 ? models.decoder : models.encoder;
    inferTypes(model);
    const layers = partsOf(model.graph).filter(({ name }) => /layer/.test(name));
    for (;;) {
      const part = layers[random.int(0, layers.length)];
      const kind = kinds[random.int(0, kinds.length)] as string;
      const nodes = part?.nodes.filter((one) => injectionsAmong([one], kind).length) ?? [];
      const at = nodes[random.int(0, Math.max(1, nodes.length))];
      const injection = at && injectionsAmong([at], kind)[0];
      if (!part || !at || !injection) continue;
      const faulty = withFault(model, at, injection, random);
      const bare = await bisect(model, faulty);
      const own = bare.values.filter(
        ({ part: number }) => bare.parts[number]?.instance?.number === part.instance?.number,
      );
      if (!own.some(({ error }) => error > 1e-3)) continue;
      const { model: result } = await optimize(faulty, 'exact', { target: 'cpu', verify: 'none' });
      const { gates } = await validate(model, result, { provider: 'cpu', fidelity: 'exact', speed: false });
      expect(gates[0]?.passed, `${kind} at ${at.label}`).toBe(false);
      expect(titleOf(await bisect(model, result)), `${kind} at ${at.label}`).toBe(
        `${part.name} ${part.instance?.number} of ${part.instance?.of}`,
      );
      break;
    }
  });
});
