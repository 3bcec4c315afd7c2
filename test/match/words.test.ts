/** The op words are those of the schema table. `npm run docs` writes their list anew (vitest's mode is then `docs`). */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { any } from '../../src/match/pattern/index.js';
import { microsoft, op } from '../../src/match/words.js';
import { type Formal, schemaOf } from '../../src/onnx/schemas/schema.js';
import { runtimeOperators } from '../../src/onnx/schemas/schema-microsoft.js';
import { operators } from '../../src/onnx/schemas/schema-table.js';

const lines = `${operators}${runtimeOperators}`.split('\n').filter((line) => line !== '');
const versions = new Map<string, number[]>();
for (const [, name = '', since] of lines.map((line) => /^(\S+?)!? (\d+)\|/.exec(line) ?? []))
  versions.set(name, [...(versions.get(name) ?? []), Number(since)]);

/** The names of an operator's inputs, of the version that takes most. */
function inputsOf(opType: string, domain: string, prefix: string): string {
  let most: readonly Formal[] = [];
  for (const since of versions.get(prefix + opType) ?? []) {
    const { inputs = [] } = schemaOf(opType, domain, since) ?? {};
    if (inputs.length >= most.length) most = inputs;
  }
  const mark = ({ isOptional, isVariadic }: Formal) => (isVariadic ? '*' : isOptional ? '?' : '');
  return most.map((input) => input.name + mark(input)).join(' ');
}

function table(name: string, domain: string, prefix: string): string {
  const isOurs = (text: string) => (prefix ? text.startsWith(prefix) : !text.includes('.'));
  const rows = [...versions.keys()]
    .filter(isOurs)
    .map((text) => text.slice(prefix.length))
    .sort();
  const row = (opType: string) => `  ${opType}: '${inputsOf(opType, domain, prefix)}',\n`;
  return `export const ${name} = {\n${rows.map(row).join('')}} as const;\n`;
}

it('are listed as the schema table has them', () => {
  const path = new URL('../../src/match/op-inputs.ts', import.meta.url);
  const fresh = [
    '/**',
    ' * The inputs of every operator in order. `?` follows an optional one, `*` one that stands for any number. Generated',
    ' * from the table of schemas by npm run docs.',
    ' */',
    '// biome-ignore-all format: one operator a line',
    table('onnxInputs', '', ''),
    table('microsoftInputs', 'com.microsoft', 'ms.'),
  ].join('\n');
  if (process.env.MODE === 'docs') writeFileSync(path, fresh);
  else expect(readFileSync(path, 'utf8'), 'op-inputs.ts is stale: npm run docs').toBe(fresh);
});

it('take inputs in order or by name, and no others', () => {
  const x = any('x');
  expect(op.LayerNormalization({ Scale: x }).names.has('x')).toBe(true);
  expect(op.Concat(x, any('y'), any('z')).parts.length).toBe(3);
  const loosely = op as unknown as Record<string, (...terms: unknown[]) => unknown>;
  expect(() => loosely.Erf?.(x, x)).toThrow('pattern Erf: expected 1 inputs (input); found 2.');
  expect(() => loosely.LayerNormalization?.({ scale: x })).toThrow('expected inputs of X, Scale, B; found scale.');
  expect(() => loosely.Erf?.('x')).toThrow('pattern term: expected a pattern; found "x".');
  expect(() => loosely.Erf?.(op.Exp)).toThrow('expected a pattern; found a function');
  // @ts-expect-error a misspelled operator
  expect(op.Eerf).toBeUndefined();
  // @ts-expect-error a misspelled input
  expect(() => microsoft.FastGelu({ x })).toThrow('found x');
  // @ts-expect-error too many inputs
  expect(() => op.Erf(x, x)).toThrow();
});
