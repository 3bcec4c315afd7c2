/** `npm run fuzz -- --seconds 60 [--seed N] [--graphs|--files] [--first N --count N]`: see README.md beside this. */
import { parseArgs } from 'node:util';
import { closeRuntime } from '../../src/index.js';
import { fuzzFiles } from './files/run.js';
import { fuzzGraphs } from './graphs/run.js';
import type { Fuzz } from './options.js';

/** The parts, by the flag that asks for one alone. */
const parts: Readonly<Record<string, Fuzz>> = { graphs: fuzzGraphs, files: fuzzFiles };

const flags = Object.fromEntries(Object.keys(parts).map((name) => [name, { type: 'boolean' as const }]));
const options = {
  ...flags,
  help: { type: 'boolean' },
  seconds: { type: 'string' },
  seed: { type: 'string', default: '1' },
  first: { type: 'string' },
  count: { type: 'string' },
} as const;

function end(text: string, code: number): never {
  process.stderr.write(`${text}\n`);
  process.exit(code);
}

const USAGE =
  'npm run fuzz -- [--seconds 60] [--seed 1] [--graphs | --files] [--first N --count N]: see test/fuzz/README.md';

function given(): Readonly<Record<string, string | boolean | undefined>> {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    end(`${(error as Error).message}\n${USAGE}`, 2);
  }
}

const values = given();
if (values.help) end(USAGE, 0);

const whole = (name: 'seconds' | 'seed' | 'first' | 'count'): number | undefined => {
  const text = values[name] as string | undefined;
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) end(`--${name}: expected a whole number; found ${text}`, 2);
  return Number(text);
};

const asked = Object.keys(parts).filter((name) => values[name]);
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
