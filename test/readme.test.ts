/** The generated parts of README.md and docs/passes.md. `npm run docs` writes them anew (vitest's mode is then `docs`). */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { withPeers } from '../bench/peers/readme-table.js';
import type { Comparisons } from '../bench/peers/table.js';
import { budgets } from '../src/ir/options/budget.js';
import { withCatalogue } from '../src/report/catalogue.js';
import { builtIn } from '../src/settings/plugins.js';

it('lists the passes as the catalogue has them', () => {
  const path = new URL('../docs/passes.md', import.meta.url);
  const readme = readFileSync(path, 'utf8');
  const fresh = withCatalogue(readme, builtIn);
  if (process.env.MODE === 'docs') writeFileSync(path, fresh);
  else expect(readme, 'docs/passes.md is stale: npm run docs').toBe(fresh);
});

it('compares with peers as the newest measurement has it', () => {
  const results = new URL('../bench/results/', import.meta.url);
  const newest = readdirSync(results)
    .filter((name) => name.endsWith('-peers.json'))
    .sort()
    .at(-1) as string;
  const measured: Comparisons = JSON.parse(readFileSync(new URL(newest, results), 'utf8'));
  const path = new URL('../README.md', import.meta.url);
  const readme = readFileSync(path, 'utf8');
  const fresh = withPeers(readme, measured);
  if (process.env.MODE === 'docs') writeFileSync(path, fresh);
  else expect(readme, 'README.md is stale: npm run docs').toBe(fresh);
  expect(() => withPeers('# Title', measured)).toThrow(/expected a part between/);
});

it('refuses a document without a place for it', () => {
  expect(() => withCatalogue('# Title', builtIn)).toThrow(/expected a part between/);
});

it('lists the budgets as they are', () => {
  const readme = readFileSync(new URL('../docs/files.md', import.meta.url), 'utf8');
  for (const [name, [limit, about]] of Object.entries(budgets))
    expect(readme).toContain(`| \`${name}\` | ${limit} | ${about} |`);
});

it('links to pages that are there', () => {
  for (const page of ['README.md', ...readdirSync(new URL('../docs', import.meta.url)).map((name) => `docs/${name}`)]) {
    const at = new URL(`../${page}`, import.meta.url);
    const links = [...readFileSync(at, 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, to]) => to as string);
    for (const to of links) expect(existsSync(new URL(to, at)), `${page}: ${to}`).toBe(true);
  }
});
