import { describe, expect, it } from 'vitest';
import { withTakenBack, worthless } from '../../../src/run/take-back/worthless.js';
import { sample } from '../../report/sample.js';

const speed = (ratio: number, significant: boolean) => ({
  ...{ ratio, significant },
  interval: { low: ratio - 0.02, high: ratio + 0.02 },
});
const pass = { name: 'int8', fidelity: 'lossy', status: 'applied', bytes: { before: 1000, after: 1000 } } as const;

describe('a pass that changes numbers', () => {
  it('is for nothing where it gains neither time nor bytes', () => {
    const found = worthless([pass], speed(1.01, false));
    expect(found.get('int8')).toBe(
      'it changes numbers and gains nothing for it: no fewer bytes, and the result is no faster, 1.01× (0.99–1.03) as a whole',
    );
    expect(worthless([pass], speed(0.8, true)).size).toBe(1);
    expect(worthless([{ ...pass, bytes: { before: 1000, after: 995 } }], speed(1, false)).size).toBe(1);
  });

  it('is worth it for either, and where that is not known', () => {
    expect(worthless([pass], speed(1.1, true)).size).toBe(0);
    expect(worthless([{ ...pass, bytes: { before: 1000, after: 900 } }], speed(0.8, true)).size).toBe(0);
    expect(worthless([pass], undefined).size).toBe(0);
    expect(worthless([{ ...pass, fidelity: 'exact' }], speed(1, false)).size).toBe(0);
    expect(worthless([{ ...pass, status: 'rolled back' }], speed(1, false)).size).toBe(0);
  });

  it('is in the report as taken back, at its place', () => {
    const first = sample.passes.map((one) => ({ ...one, status: 'applied' as const }));
    const [fused, , simplified] = first;
    const again = { ...sample, passes: first.filter(({ name }) => name !== 'bf16') };
    const { passes, outcome } = withTakenBack(again, first, new Map([['bf16', 'for nothing']]));
    expect(passes.map(({ name, status }) => `${name} ${status}`)).toEqual(
      first.map(({ name }) => `${name} ${name === 'bf16' ? 'rolled back' : 'applied'}`),
    );
    expect([passes[0], passes[2]]).toEqual([fused, simplified]);
    expect(outcome?.takenBack).toEqual([{ pass: 'bf16', reason: 'for nothing' }]);
  });
});
