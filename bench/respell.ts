/**
 * Measures the share of random respellings of each formula that is found: `npm run bench:respell -- [--count 400]
 * [--seed 1] [--only gelu]`.
 */
import { parseArgs } from 'node:util';
import { columns, formulas } from '../test/match/respell.js';
import { respellings } from '../test/match/respell-run.js';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '400' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    all: { type: 'boolean' },
  },
});
const names = Object.keys(formulas).filter((name) => !values.only || name === values.only);
const count = Number(values.count);
const { counts, others } = await respellings(count, Number(values.seed), names);
process.stdout.write(`found of ${count}, seed ${values.seed}; s: silent, w: wrong\n`);
process.stdout.write(`${['', ...Object.keys(columns)].map((cell) => cell.padStart(14)).join('')}\n`);
for (const [name, row] of Object.entries(counts)) {
  const cells = Object.values(row).map(({ found, silent, wrong }) => `${found} s${silent} w${wrong}`);
  process.stdout.write(`${[name, ...cells].map((cell) => cell.padStart(14)).join('')}\n`);
}
for (const { name, column, outcome, reason, formula } of values.all ? others : others.slice(0, 20))
  process.stdout.write(`${name} by ${column}: ${outcome}; ${reason ?? ''}\n  ${formula}\n`);
process.exit(0);
