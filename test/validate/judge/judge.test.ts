import { describe, expect, it } from 'vitest';
import type { Fidelity } from '../../../src/run/pass.js';
import type { TensorData } from '../../../src/runtime/isolate.js';
import { type KindName, kindOf } from '../../../src/validate/inputs/kinds.js';
import { compareTensors } from '../../../src/validate/judge/accuracy.js';
import { gateOf } from '../../../src/validate/judge/gates.js';
import { accuracyGate, judge } from '../../../src/validate/judge/judge.js';
import { weigh } from '../../../src/validate/judge/weigh.js';
import type { Proof } from '../../../src/validate/proof.js';
import type { Reference } from '../../../src/validate/reference.js';

const reference = (...feeds: Reference['runs'][number]['feeds'][]): Reference => ({
  runs: feeds.map((one) => ({ feeds: one, outputs: {}, ms: 1 })),
  meanings: new Map(),
  base: feeds.length,
  notCompared: [],
  notes: [],
});
const vector = (...values: number[]): TensorData => ({
  type: 'float32',
  shape: [values.length],
  data: new Uint8Array(new Float32Array(values).buffer),
});
/** A proof of one output for each run, off by a part of itself. */
const proof = (errors: readonly number[], more: Partial<Proof> = {}, fidelity: Fidelity = 'lossy'): Proof => ({
  evidence: errors.map((error, run) => {
    const output = compareTensors('y', vector(1, 2, 3), vector(1 + error, 2 + 2 * error, 3 + 3 * error));
    return { form: 'plain', run, output, ...weigh(output, gateOf(fidelity, 'cpu'), fidelity) };
  }),
  ...{ failures: [], notCompared: [], notes: [], forms: ['plain'], runtimeOwn: undefined },
  ...more,
});
const made = (name: KindName = 'normal') => ({ tensors: {}, about: '', source: 'made' as const, kind: kindOf(name) });
const data = { tensors: {}, about: '', source: 'data' as const };
const lossy = { gate: gateOf('lossy', 'cpu'), fidelity: 'lossy', where: 'cpu' } as const;

describe('inputs that were given', () => {
  it('decide, and those made up beside them only warn', () => {
    const found = judge(reference(data, made()), proof([0.01, 0.5]), lossy);
    expect(found.verdict).toMatchObject({ outcome: 'accepted', detail: expect.stringContaining('0.010') });
    expect(found.warnings).toEqual([expect.stringMatching(/^on made-up inputs.*relative L2 0.50 > 0.15/)]);
    expect(judge(reference(data, made()), proof([0.5, 0.01]), lossy).verdict.outcome).toBe('rejected');
  });

  it('are warned of in one line: the kinds of numbers, and the largest error of each limit', () => {
    const sets = reference(data, made('±32768'), made('0–255'), made('±32768'));
    const [warning, ...others] = judge(sets, proof([0.01, 0.3, 0.5, 0.4]), lossy).warnings;
    expect(others).toEqual([]);
    expect(warning).toMatch(/^on made-up inputs \(0–255, ±32768\), which do not count.*: "y": relative L2 0.50 > 0.15/);
    expect(warning).not.toMatch(/0\.[34]0/);
  });
});

describe('the error of the runtime', () => {
  it("is told from the pass's own where it is the larger one", () => {
    const [plain, optimized] = proof([0.01, 0.1]).evidence;
    const evidence = [plain!, { ...optimized!, form: 'optimized' as const, run: 0 }];
    expect(judge(reference(made()), proof([], { evidence }), lossy).notes).toEqual([
      `"y": 0.10 with the runtime's optimizations, 0.010 without them`,
    ]);
    expect(judge(reference(made()), proof([0.1]), lossy).notes).toEqual([]);
  });
});

describe('what an output means', () => {
  it('is measured over all runs, and of forms the worst counts', () => {
    const output = compareTensors('y', vector(1, 2, 3), vector(1, 2, 3));
    const kept = (value: number) => ({ kind: 'classes', measure: 'rows', value, samples: 5 }) as const;
    const one = (form: 'plain' | 'optimized', run: number, value: number) => {
      const meant = { ...output, meaning: kept(value) };
      return { form, run, output: meant, ...weigh(meant, lossy.gate, 'lossy') };
    };
    const evidence = [one('plain', 0, 1), one('plain', 1, 1), one('optimized', 0, 1), one('optimized', 1, 0.4)];
    const found = judge(reference(made(), made()), proof([], { evidence }), lossy);
    expect(found.verdict).toMatchObject({
      outcome: 'rejected',
      detail: expect.stringContaining('rows: 70 % of 10 < 80 %'),
    });
    expect(found.outputs[0]).toMatchObject({ top1: 0.7, meaning: { samples: 10 } });
    // Five rows of one run are too few.
    expect(judge(reference(made()), proof([], { evidence: [one('plain', 0, 0.4)] }), lossy).verdict.outcome).toBe(
      'accepted',
    );
  });
});

describe('scores that all say no', () => {
  const score = (from: number, to: number) => ({
    ...compareTensors('y', vector(from, from / 2), vector(to, to / 2)),
    meaning: { kind: 'decisions', measure: 'decisions', value: 1, samples: 2 } as const,
  });
  it('may nearly double in the tail of a sigmoid, as far as a yes may move', () => {
    const found = weigh(score(1e-3, 1.9e-3), lossy.gate, 'lossy');
    expect(found.outcome).toBe('within');
    expect(found.words).toEqual([
      expect.stringMatching(
        /^on a set of inputs all scores say no.*9\.0e-4 \(limit 0\.15\); relative to scores this small, relative L2/,
      ),
    ]);
    expect(weigh(score(0.06, 0.1), gateOf('rounding', 'cpu'), 'rounding').outcome).toBe('within');
  });
  it('prove nothing where they are wholly other ones: a model that always says no gives such', () => {
    for (const [from, to] of [
      [1e-3, 0],
      [1e-3, 0.1],
    ] as const) {
      const found = weigh(score(from, to), lossy.gate, 'lossy');
      expect(found.outcome).toBe('unproven');
      expect(found.words).toEqual([
        expect.stringMatching(/^on a set of inputs all scores say no.* other numbers: relative L2/),
      ]);
    }
  });
  it('may not become a yes, move further, or move in an exact pass or past a limit that was given', () => {
    expect(weigh(score(0.4, 0.52), lossy.gate, 'lossy').outcome).toBe('beyond');
    expect(weigh(score(1e-3, 0.2), lossy.gate, 'lossy').outcome).toBe('beyond');
    expect(weigh(score(1e-3, 2e-3), gateOf('exact', 'cpu'), 'exact').outcome).toBe('beyond');
    expect(weigh(score(1e-3, 2e-3), gateOf('lossy', 'cpu', { maxError: 0.03 }), 'lossy').outcome).toBe('beyond');
    // Numbers that are no probabilities are relative to themselves.
    expect(weigh(compareTensors('y', vector(1e-3), vector(2e-3)), lossy.gate, 'lossy').outcome).toBe('beyond');
  });
});

describe('a pass that rounds', () => {
  it('holds for the inputs for which it does, and the report says so', () => {
    const found = judge(reference(made(), made('0–255')), proof([0.01, 0.5]), lossy);
    expect(found.verdict.outcome).toBe('accepted');
    expect(found.warnings).toEqual([expect.stringMatching(/^holds for inputs up to 6, not for 0–255: "y"/)]);
    expect(found.outputs[0]?.relativeL2).toBeLessThan(0.02);
    // Larger numbers for which it holds do not make it hold for smaller ones.
    const sets = reference(made(), made('±32768'), made('0–255'));
    expect(judge(sets, proof([0.01, 0.01, 0.5]), lossy).warnings).toEqual([
      expect.stringMatching(/^holds for inputs up to 6, not for 0–255: "y"/),
    ]);
    expect(judge(reference(made(), made('0–255')), proof([0.5, 0.01]), lossy).verdict.outcome).toBe('rejected');
  });
  it('may go past its gate where rounded weights do, and the sentence says so', () => {
    const output = compareTensors('y', vector(1, 2, 3), vector(1.1, 2.3, 3.3));
    const gate = gateOf('rounding', 'cpu');
    const evidence = {
      form: 'plain',
      run: 0,
      output,
      ...weigh(output, gate, 'rounding', { yardstick: output }),
    } as const;
    const { verdict } = judge(reference(made()), proof([], { evidence: [evidence] }), {
      gate,
      fidelity: 'rounding',
      where: 'cpu',
    });
    expect(verdict).toMatchObject({
      outcome: 'accepted',
      detail: expect.stringMatching(
        /^"y": relative L2 0.12 > 0.1, and allowed: rounding the weights alone moves it by 0.12 /,
      ),
    });
  });
  it('is no excuse for an exact one', () => {
    const exact = { gate: gateOf('exact', 'cpu'), fidelity: 'exact', where: 'cpu' } as const;
    expect(judge(reference(made(), made('0–255')), proof([0, 0.5], {}, 'exact'), exact).verdict.outcome).toBe(
      'rejected',
    );
  });
});

describe('a result for a provider that does not work here', () => {
  const judged = (texts: string[], isExplicit = false) => {
    const failures = texts.map((text) => ({ form: 'plain' as const, run: 0, text }));
    const options = { gate: gateOf('exact', 'cpu'), fidelity: 'exact', absent: 'cuda', where: 'cpu' } as const;
    return accuracyGate(judge(reference(made()), proof([], { failures }), options).verdict, isExplicit);
  };
  it('may lack kernels on the CPU, and nothing else', () => {
    const kernel = 'the result does not run: Could not find an implementation for MatMul(13)';
    const shape = 'output "y": expected float32[2, 64]; found float32[4, 64]';
    expect(judged([kernel])).toMatchObject({
      passed: true,
      detail: expect.stringMatching(/^not compared: cuda does not work here/),
    });
    expect(judged([kernel], true).passed).toBe(false);
    expect(judged([kernel, shape])).toMatchObject({ passed: false });
    expect(judged([shape])).toEqual({
      ...{ name: 'accuracy', passed: false },
      detail: `${shape} (1 made-up set of inputs; cpu)`,
    });
  });
});
