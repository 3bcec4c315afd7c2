import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkConfig, configSchema } from '../../src/config.js';
import { tinyModel, Workplace } from './run-cli.js';

let place: Workplace;
beforeAll(async () => {
  place = new Workplace();
  await place.write(tinyModel());
});
afterAll(() => place.remove());

const nodeStripsTypes = Boolean((process.features as { typescript?: unknown }).typescript);

describe('a TypeScript config', () => {
  const text = `const seed: number = 5;
    export default { passes: [['simplify', {}]] as [string, object][], validate: false, seed };`;

  it('says what is needed where nothing can strip its types', () => {
    writeFileSync(place.path('c.ts'), text);
    const { status, stderr, stdout } = place.spawn(['model.onnx', '--json', '--config', 'c.ts']);
    if (nodeStripsTypes) expect(JSON.parse(stdout).seed).toBe(5);
    else {
      expect(stderr).toMatch(/^error: c\.ts: expected Node 22\.18 or newer for a \.ts config; found v20\./);
      expect(status).toBe(1);
    }
  });

  it('is read with the esbuild of its own project', () => {
    mkdirSync(place.path('node_modules'), { recursive: true });
    const esbuild = fileURLToPath(new URL('../../node_modules/esbuild', import.meta.url));
    symlinkSync(esbuild, place.path('node_modules/esbuild'), 'junction');
    writeFileSync(place.path('c.ts'), text);
    const before = place.files;
    const { stdout, stderr } = place.spawn(['model.onnx', '--json', '--config', 'c.ts', '-o', 'model.onnx', '--force']);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({ seed: 5, passes: [{ name: 'simplify' }] });
    expect(place.files).toEqual(before);
  });
});

it('every setting of a config has a flag, and says what it is', async () => {
  const { stdout } = await place.run(['--help']);
  for (const [name, schema] of Object.entries(configSchema.shape)) {
    const flag =
      name === 'shapes' ? 'shape' : name === 'dims' ? 'dim' : name.replaceAll(/[A-Z]/g, (l) => `-${l.toLowerCase()}`);
    expect(stdout).toMatch(new RegExp(`--(no-)?${flag}\\b`));
    expect(schema.description, name).toBeTruthy();
  }
});

describe('a time budget', () => {
  it.each([
    ['60', 60],
    ['90s', 90],
    ['2m', 120],
    ['1.5h', 5400],
    [30, 30],
  ])('takes %s', (timeBudget, expected) => {
    expect(checkConfig({ timeBudget }, 'c.json')).toEqual({ timeBudget: expected });
  });

  it.each(['0', 'soon', '-5s', '5d', '', 0, -1])('refuses %s', (timeBudget) => {
    expect(() => checkConfig({ timeBudget }, 'c.json')).toThrow(
      'c.json: timeBudget: expected seconds above 0, or 90s, 2m or 1h; found',
    );
  });

  it('is a flag', async () => {
    const { stderr, status } = await place.run(['model.onnx', '--passes', 'simplify', '--time-budget', 'never']);
    expect(stderr).toMatch(/^error: --time-budget: expected seconds above 0, or 90s, 2m or 1h; found "never"/);
    expect(status).toBe(1);
  });
});
