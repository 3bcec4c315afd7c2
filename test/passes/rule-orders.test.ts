import { expect, it } from 'vitest';
import { setsInOrder } from '../../src/match/precedence.js';
import { ofRules } from '../pictures/models.js';
import { ruled } from './rule-orders.js';

it.each(Object.entries(ofRules))('%s: rules in any order', async (_, { before, target }) => {
  const expected = await ruled(before, 0, target);
  for (const seed of [1, 2, 3]) expect(await ruled(before, seed, target)).toBe(expected);
});

it('sets that each come after the other are refused', () => {
  const sets = [
    { noun: 'a', rules: [], after: ['b'] },
    { noun: 'b', rules: [], after: ['a'] },
  ];
  expect(() => setsInOrder(sets)).toThrow('rules: expected sets in some order; found each after another: a, b');
});
