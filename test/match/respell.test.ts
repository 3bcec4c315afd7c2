/** Formulas that are respelled at random by laws of algebra are still found: a sample; `npm run bench:respell` runs many. */
import { describe, expect, it } from 'vitest';
import { generator } from '../check-pass.js';
import { columns, formulas } from './respell.js';
import { respell } from './respell-run.js';

/** Of each formula by the laws of each column. */
const COUNT = 1;

describe.each(Object.keys(formulas))('%s', (name) => {
  it.each(Object.keys(columns))('by %s', async (column) => {
    const random = generator(64);
    for (let i = 0; i < COUNT; i++) {
      const { outcome, reason, formula } = await respell(name, column, random);
      expect(outcome, `${formula}: ${reason}`).toBe('found');
    }
  });
});
