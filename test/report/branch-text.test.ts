import { describe, expect, it } from 'vitest';
import { branchTexts } from '../../src/report/words/branch.js';

describe('branches in a report', () => {
  const texts = (ran: number, never: string[], unknown = 0) =>
    branchTexts({ branches: { ran, total: ran + never.length, never, unknown } });

  it('are named where they never ran, a few of them', () => {
    expect(texts(3, ['else of If "x"'])).toEqual(['3 of 4 branches ran; never: else of If "x"']);
    expect(texts(1, ['a', 'b', 'c', 'd', 'e'])).toEqual(['1 of 6 branches ran; never: a, b, c and 2 more']);
    expect(texts(0, [], 2)).toEqual(['2 Ifs in loops or functions: which branches ran is not known']);
    expect(texts(2, [])).toEqual([]);
    expect(branchTexts({})).toEqual([]);
  });
});
