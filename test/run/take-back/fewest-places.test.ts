/** Where a gate breaks, the fewest places are taken back without which it holds. */
import { afterAll, describe, expect, it } from 'vitest';
import { passes } from '../../../passes/index.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import type { Value } from '../../../src/ir/value.js';
import { closeRuntime } from '../../../src/on-demand.js';
import { optimize } from '../../../src/optimize.js';
import { fewestExcluded, type NodeNumber, type PlaceGroup } from '../../../src/run/take-back/fewest-places.js';
import type { Verdict } from '../../../src/run/verify/verifier.js';

const SIZE = 64;

/** A random matrix, scaled so that a product with it keeps the size of numbers. */
const weights = (seed: number): number[] =>
  Array.from({ length: SIZE * SIZE }, (_, i) => {
    const noise = Math.sin((i + 1) * 12.9898 + seed * 78.233) * 43758.5453;
    return (2.5 * (noise - Math.floor(noise) - 0.5)) / Math.sqrt(SIZE);
  });

/**
 * Builds products of the given sizes, each with a Tanh behind it. An odd product reads a large channel without effect: its row of the weight
 * is zero. But the scale that all channels of a row share then leaves nothing of the other channels in 8 bits.
 */
const chain = (odd: readonly boolean[]): Model =>
  buildModel({ '': 17 }, (g: GraphBuilder) => {
    let x: Value = g.input('x', 'float32', ['batch', SIZE]);
    odd.forEach((isOdd, i) => {
      const numbers = weights(i);
      if (isOdd) {
        numbers.fill(0, 0, SIZE);
        const channel = Array.from({ length: SIZE }, (_, at) => (at === 0 ? 1e5 : 0));
        x = g.op('Add', [x, g.constant('float32', channel, [SIZE])]);
      }
      const name = `/layer.${i}/${isOdd ? 'odd' : 'fc'}`;
      x = g.op('Tanh', [g.op('MatMul', [x, g.constant('float32', numbers, [SIZE, SIZE])], {}, { name })]);
    });
    g.output('y', x, 'float32', ['batch', SIZE]);
  });

/** Builds repeats that each add a vector; the vector of one layer has a large channel. */
const deep = (layers: number, odd: number): Model =>
  buildModel({ '': 17 }, (g: GraphBuilder) => {
    let x: Value = g.input('x', 'float32', ['batch', SIZE]);
    for (let i = 0; i < layers; i++) {
      const numbers = weights(i).fill(0, 0, SIZE);
      const vector = Array.from({ length: SIZE }, (_, at) => (at === 0 && i === odd ? 1e5 : Math.sin(at + i) / 10));
      const sum = g.op('Add', [x, g.constant('float32', vector, [SIZE])], {}, { name: `/layer.${i}/add` });
      const weight = g.constant('float32', numbers, [SIZE, SIZE], `/layer.${i}/weight`);
      const product = g.op('MatMul', [sum, weight], {}, { name: `/layer.${i}/fc` });
      x = g.op('Tanh', [product], {}, { name: `/layer.${i}/tanh` });
    }
    g.output('y', x, 'float32', ['batch', SIZE]);
  });

/** Builds a product, and two pairs of products whose results are nearly the same: of the difference of one 8 bits leave enough, of the other 16. */
const withPairs = (): Model =>
  buildModel({ '': 21 }, (g: GraphBuilder) => {
    const x = g.input('x', 'float32', ['batch', SIZE]);
    const product = (numbers: readonly number[], name: string): Value =>
      g.op('MatMul', [x, g.constant('float32', numbers, [SIZE, SIZE], name)], {}, { name: `/${name}` });
    for (const [at, [name, apart]] of (
      [
        ['near', 0.15],
        ['nearer', 0.01],
      ] as const
    ).entries()) {
      const [own, other] = [weights(at), weights(at + 5)];
      const close = own.map((one, i) => one + apart * (other[i] as number));
      g.output(name, g.op('Sub', [product(own, `${name}0`), product(close, `${name}1`)]), 'float32', ['batch', SIZE]);
    }
    g.output('y', product(weights(3), 'other'), 'float32', ['batch', SIZE]);
  });

const quantized = (model: Model): number =>
  model.graph.nodes().filter(({ opType }) => opType === 'MatMulInteger').length;
const options = { target: 'cpu' } as const;

describe('the least of a pass is taken back', () => {
  afterAll(closeRuntime);

  it('one product of three stays float32, and the report says which and why', async () => {
    const { model, report } = await optimize(chain([false, true, false]), [passes.int8()], options);
    expect(quantized(model)).toBe(2);
    const [pass] = report.passes;
    expect(pass).toMatchObject({ status: 'applied', takenBack: { places: ['MatMul "/layer.1/odd"'], of: 3 } });
    expect(pass?.takenBack?.error.before).toBeGreaterThan(0.15);
    expect(pass?.error).toBeLessThan(0.15);
    expect(pass?.takenBack?.error.after).toBe(pass?.error);
    expect(pass?.notes.at(-1)?.text).toMatch(
      /^kept from 1 of 3 places, where it breaks its gate: MatMul "\/layer\.1\/odd"; relative L2 .* → .* without them$/,
    );
    expect(pass?.skips).toMatchObject([{ reason: 'int8 breaks the accuracy gate here', count: 1 }]);
    expect(report.outcome).toEqual({ asked: ['int8'], done: ['int8'], takenBack: [] });
  });

  it('a pass is rolled back where all of its places break the gate', async () => {
    const { model, report } = await optimize(chain([true, true]), [passes.int8()], { ...options, onGate: 'report' });
    expect(quantized(model)).toBe(0);
    expect(report.passes[0]).toMatchObject({ status: 'rolled back' });
    expect(report.passes[0]?.takenBack).toBeUndefined();
  });

  it('at the end, too, of the pass that cost the most; what each cost is known there', async () => {
    const { model, report } = await optimize(
      chain([false, true, false]),
      [passes.simplify(), passes.bf16(), passes.int8()],
      {
        ...options,
        verify: 'end',
      },
    );
    expect(report.gates).toMatchObject([{ name: 'accuracy', passed: true }]);
    expect(quantized(model)).toBe(2);
    const [, bf16, int8] = report.passes;
    expect(bf16).toMatchObject({ name: 'bf16', status: 'applied' });
    expect(bf16?.error).toBeGreaterThan(1e-4);
    expect(bf16?.error).toBeLessThan(0.05);
    expect(int8).toMatchObject({ status: 'applied', takenBack: { places: ['MatMul "/layer.1/odd"'], of: 3 } });
    expect(int8?.error).toBeLessThan(0.15);
  });

  it('where repeats were compiled once, each by itself then', async () => {
    const model = deep(8, 5);
    const job = { ...options, regional: true, onGate: 'report' } as const;
    const { model: result, report } = await optimize(model, [passes.int8()], job);
    expect(report.gates).toMatchObject([{ name: 'accuracy', passed: true }]);
    expect(quantized(result)).toBe(7);
    expect(report.repeats?.[0]?.reason).toMatch(/^int8 has each compiled by itself: it (breaks|depends)/);
    expect(report.passes[0]).toMatchObject({
      status: 'applied',
      takenBack: { places: ['MatMul "/layer.5/fc"'], of: 8 },
    });
  });

  it('of the pass that cost the most, where repeats were compiled once as well', async () => {
    const job = { ...options, regional: true, verify: 'end', onGate: 'report' } as const;
    const list = [passes.bf16(), passes.int8()];
    const { model, report } = await optimize(deep(8, 5), list, job);
    expect(report.gates).toMatchObject([{ name: 'accuracy', passed: true }]);
    expect(report.passes.map(({ name, status }) => `${name} ${status}`)).toEqual(['bf16 applied', 'int8 applied']);
    expect(report.repeats).toMatchObject([{ once: 0 }]);
    expect(report.passes[0]?.takenBack).toBeUndefined();
    expect(quantized(model)).toBe(7);
  });

  it('of several passes each as much as must be: 4 bits where these hold, else 8, else 16', async () => {
    const { model, report } = await optimize(withPairs(), 'int4,int8:compute=false,fp16:compute=false', {
      ...options,
      verify: 'end',
      timeBudget: 1000,
    });
    expect(report.gates).toMatchObject([{ name: 'accuracy', passed: true }]);
    expect(report.passes.map(({ status }) => status)).toEqual(['applied', 'applied', 'applied']);
    const typeOf = new Map([...model.graph.constants].map(({ name, elem }) => [name, elem]));
    const names = ['other_4bit', 'near0', 'near1', 'nearer0', 'nearer1'];
    expect(names.map((name) => typeOf.get(name))).toEqual(['uint8', 'int8', 'int8', 'float16', 'float16']);
  });

  it('no pass for lack of time that was found to hold', async () => {
    const { report } = await optimize(withPairs(), 'int4,int8:compute=false,fp16:compute=false', {
      ...options,
      verify: 'end',
      timeBudget: 0.001,
      onGate: 'report',
    });
    expect(report.gates).toMatchObject([{ name: 'accuracy', passed: true }]);
    expect(report.passes.map(({ status }) => status)).toEqual(['rolled back', 'rolled back', 'applied']);
  });

  it('a pass that breaks the end at every place is rolled back there', async () => {
    const job = { ...options, verify: 'end', onGate: 'report' } as const;
    const { model, report } = await optimize(chain([true, true]), [passes.bf16(), passes.int8()], job);
    expect(report.passes.map(({ status }) => status)).toEqual(['applied', 'rolled back']);
    expect(report.gates).toMatchObject([{ name: 'accuracy', passed: true }]);
    expect(report.outcome?.takenBack).toMatchObject([{ pass: 'int8', reason: expect.stringMatching(/relative L2/) }]);
    expect(quantized(model)).toBe(0);
  });
});

describe('the search', () => {
  const units = (count: number): PlaceGroup[] => Array.from({ length: count }, (_, place) => ({ places: [place] }));
  /** Accepts where all guilty places are excluded. */
  const judge = (guilty: readonly NodeNumber[]) => {
    let tries = 0;
    const test = async (excluded: ReadonlySet<NodeNumber>): Promise<Verdict> => {
      tries++;
      return { outcome: guilty.every((place) => excluded.has(place)) ? 'accepted' : 'rejected', detail: '' };
    };
    return { test, tries: () => tries };
  };
  const calm = () => true;

  it.each([[[17]], [[0, 199]], [[3, 4, 100]]])('finds %s among 200, and no other', async (guilty) => {
    const { test, tries } = judge(guilty);
    const found = await fewestExcluded(units(200), test, calm);
    expect([...(found?.places ?? [])]).toEqual(guilty);
    expect(tries()).toBeLessThan(2 + 16 * guilty.length);
  });

  it('tells equal places of a block apart where it may', async () => {
    const columns = [0, 1, 2].map((i) => ({ places: Array.from({ length: 24 }, (_, layer) => layer * 3 + i) }));
    const guilty = [17 * 3 + 1];
    expect([...((await fewestExcluded(columns, judge(guilty).test, calm))?.places ?? [])]).toEqual(guilty);
  });

  it('gives up where nothing can be released, and gives what it has where time is over', async () => {
    const all = judge(Array.from({ length: 200 }, (_, i) => i));
    expect(await fewestExcluded(units(200), all.test, calm)).toBeUndefined();
    expect(all.tries()).toBe(30);
    let left = 4;
    const hasty = await fewestExcluded(units(200), judge([17]).test, () => left-- > 0);
    expect(hasty?.places.has(17)).toBe(true);
    expect(hasty?.places.size).toBeLessThan(200);
  });
});
