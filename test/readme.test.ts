/** The README's generated part. `npm run docs` writes it anew (vitest's mode is then `docs`). */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { budgets } from '../src/ir/options/budget.js';
import { withCatalogue } from '../src/report/catalogue.js';
import { builtIn } from '../src/settings/plugins.js';

it('lists the passes as the catalogue has them', () => {
  const path = new URL('../README.md', import.meta.url);
  const readme = readFileSync(path, 'utf8');
  const fresh = withCatalogue(readme, builtIn);
  if (process.env.MODE === 'docs') writeFileSync(path, fresh);
  else expect(readme, 'README.md is stale: npm run docs').toBe(fresh);
});

it('refuses a document without a place for it', () => {
  expect(() => withCatalogue('# Title', builtIn)).toThrow(/expected a part between/);
});

it('lists the budgets as they are', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  for (const [name, [limit, about]] of Object.entries(budgets))
    expect(readme).toContain(`| \`${name}\` | ${limit} | ${about} |`);
});
