import { describe, expect, it } from 'vitest';
import { Deadline } from '../../src/run/pipeline/deadline.js';

/** A deadline on a clock that the test sets. */
function at(budgetMs?: number) {
  const clock = { ms: 0 };
  const deadline = new Deadline(budgetMs, () => clock.ms);
  const take = (ms: number) => async (): Promise<void> => {
    clock.ms += ms;
  };
  return { clock, deadline, take };
}

describe('a deadline', () => {
  it('counts what is spent, and nothing beside it', async () => {
    const { clock, deadline, take } = at(100);
    clock.ms += 1000;
    expect(deadline.left()).toBe(100);
    await deadline.spend(take(30));
    clock.ms += 1000;
    expect(deadline.left()).toBe(70);
    expect(deadline.share(0.5)).toBe(35);
    await deadline.spend(take(200));
    expect(deadline.left()).toBe(0);
  });

  it('counts work within work once, what goes on now, and what fails', async () => {
    const { clock, deadline, take } = at(100);
    await deadline.spend(async () => {
      await deadline.spend(take(10));
      clock.ms += 5;
      expect(deadline.left()).toBe(85);
    });
    expect(deadline.left()).toBe(85);
    await expect(
      deadline.spend(async () => {
        clock.ms += 5;
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(deadline.left()).toBe(80);
  });

  it('says once what was cut', () => {
    const { deadline } = at(100);
    expect(deadline.allows(99, 'speed')).toBe(true);
    expect(deadline.cuts).toEqual([]);
    expect(deadline.allows(100, 'speed')).toBe(false);
    deadline.cut('speed');
    deadline.cut('2 of 4 sets of inputs');
    expect(deadline.cuts).toEqual(['speed', '2 of 4 sets of inputs']);
  });

  it('without a budget never ends', async () => {
    const { deadline, take } = at();
    await deadline.spend(take(1e9));
    expect(deadline.left()).toBe(Number.POSITIVE_INFINITY);
    expect(deadline.share(0.1)).toBe(Number.POSITIVE_INFINITY);
    expect(deadline.allows(1e12, 'speed')).toBe(true);
  });
});
