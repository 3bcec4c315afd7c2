/** `npm run fuzz -- --seconds 60 [--seed N] [--graphs|--files] [--first N --count N]`: see README.md beside this. */
import { parseArgs } from 'node:util';
import { closeRuntime } from '../../src/index.js';
import { fuzzFiles } from './files/run.js';
import { fuzzGraphs } from './graphs/run.js';
import type { Fuzz } from './options.js';

/** The parts, by the flag that asks for one alone. */
const parts: Readonly<Record<string, Fuzz>> = { graphs: fuzzGraphs, files: fuzzFiles };

const flags = Object.fromEntries(Object.keys(parts).map((name) => [name, { type: 'boolean' as const }]));
const { values } = parseArgs({
  options: {
    ...flags,
    seconds: { type: 'string' },
    seed: { type: 'string', default: '1' },
    first: { type: 'string' },
    count: { type: 'string' },
  },
});

const whole = (name: 'seconds' | 'seed' | 'first' | 'count'): number | undefined => {
  const text = values[name] as string | undefined;
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw new Error(`--${name}: expected a whole number; found ${text}`);
  return Number(text);
};

const asked = Object.keys(parts).filter((name) => (values as Record<string, unknown>)[name]);
const names = asked.length > 0 ? asked : Object.keys(parts);
const count = whole('count');
const seconds = whole('seconds') ?? (count === undefined ? 60 : 1e6);
const say = (text: string): unknown => process.stdout.write(`${text}\n`);
let findings = 0;
for (const name of names) {
  const fuzz = parts[name] as Fuzz;
  const summary = await fuzz({
    seconds: seconds / names.length,
    seed: whole('seed') ?? 1,
    first: whole('first'),
    count,
    say,
  });
  say(summary.text);
  findings += summary.findings;
}
await closeRuntime();
process.exit(findings > 0 ? 1 : 0);
