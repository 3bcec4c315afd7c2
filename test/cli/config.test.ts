import { chownSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../cli/settings/config.js';
import { findConfig } from '../../cli/settings/find-config.js';
import { checkConfig, configSchema } from '../../src/settings/config.js';
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
    const { status, stderr, stdout } = place.spawn(['model.onnx', '--json', '--config', 'c.ts', '-o', 'c.onnx']);
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
    const repeated = ['shapes', 'dims', 'plugins', 'parts'];
    const flag = repeated.includes(name) ? name.slice(0, -1) : name.replaceAll(/[A-Z]/g, (l) => `-${l.toLowerCase()}`);
    expect(stdout).toMatch(new RegExp(`--(no-)?${flag}\\b`));
    expect(schema.description, name).toBeTruthy();
  }
});

describe('a config that nobody named', () => {
  let project: Workplace;
  beforeAll(async () => {
    project = new Workplace();
    await project.write(tinyModel());
    for (const path of ['a/b', 'c', 'd/e', 'f']) mkdirSync(project.path(path), { recursive: true });
    writeFileSync(project.path('onnx-passes.config.json'), '{ "passes": "simplify", "validate": false, "seed": 7 }');
    writeFileSync(project.path('c/onnx-passes.config.json'), '{}');
    writeFileSync(project.path('c/onnx-passes.config.ts'), 'export default {};');
    writeFileSync(project.path('d/package.json'), '{ "name": "d", "onnx-passes": { "seed": 1 } }');
    writeFileSync(project.path('d/e/package.json'), '{ "name": "e" }');
    writeFileSync(project.path('f/package.json'), 'no JSON');
  });
  afterAll(() => project.remove());

  it.each([
    ['a/b', { path: '../../onnx-passes.config.json' }],
    ['d/e', { path: '../package.json', key: 'onnx-passes' }],
    ['f', { path: '../onnx-passes.config.json' }],
  ])('is the nearest one in the folder or above: %s', async (folder, expected) => {
    expect(await findConfig(project.path(folder))).toEqual(expected);
  });

  it('is one', async () => {
    await expect(findConfig(project.path('c'))).rejects.toThrow(
      'onnx-passes.config.json: expected one config in a folder; found onnx-passes.config.ts as well',
    );
  });

  it('is said, holds, is overruled by flags, and left with --no-config', async () => {
    const { stderr } = await project.run(['model.onnx', '-o', 'out.onnx']);
    expect(stderr).toMatch(/^settings of onnx-passes\.config\.json\n/);
    const { seed, passes } = JSON.parse(
      (await project.run(['model.onnx', '-o', 'out.onnx', '--json', '--seed', '8'])).stdout,
    );
    expect([seed, passes[0].name]).toEqual([8, 'simplify']);
    expect((await project.run(['model.onnx', '--no-config', '--dry-run'])).stderr).toMatch(/^no --passes: exact, for /);
    await expect(loadConfig(project.path('d/package.json'), 'onnx-passes')).resolves.toMatchObject({
      config: { seed: 1 },
    });
  });

  it.runIf(process.getuid?.() === 0)('is none of another user', async () => {
    chownSync(project.path('onnx-passes.config.json'), 12_345, 12_345);
    await expect(findConfig(project.path('a/b'))).rejects.toThrow(/config of your own; found one of another user/);
  });
});

describe('jobs of a config', () => {
  beforeAll(() => {
    const jobs = {
      small: { model: 'model.onnx', out: 'made/small.onnx', passes: 'bf16:minElements=1' },
      both: { model: ['mod*.onnx'], out: 'made/', variants: ['one=simplify', 'two=bf16:minElements=1'] },
    };
    mkdirSync(place.path('made'), { recursive: true });
    writeFileSync(
      place.path('base.json'),
      JSON.stringify({ seed: 3, target: 'cpu', validate: false, passes: 'opset' }),
    );
    writeFileSync(place.path('jobs.json'), JSON.stringify({ extends: 'base.json', seed: 4, jobs }));
    writeFileSync(place.path('loop.json'), JSON.stringify({ extends: ['base.json', 'loop.json'] }));
    writeFileSync(place.path('slip.json'), JSON.stringify({ jobs: { a: { model: 'm.onnx', pases: 'x' } } }));
  });

  it('are done, each with its models, variants and settings', async () => {
    const { status, stderr } = await place.run(['run', '--config', 'jobs.json']);
    expect(stderr).toMatch(/^job small\n[\s\S]*\njob both\n/);
    expect(status).toBe(0);
    expect(readdirSync(place.path('made')).sort()).toEqual(['model_one.onnx', 'model_two.onnx', 'small.onnx']);
  });

  it('do not wait for one that ends with an error, which is named', async () => {
    const jobs = {
      none: { model: 'none.onnx', out: 'made/none.onnx' },
      last: { model: 'model.onnx', out: 'made/last.onnx', passes: 'simplify' },
    };
    writeFileSync(place.path('some.json'), JSON.stringify({ target: 'cpu', validate: false, jobs }));
    const { status, stderr } = await place.run(['run', '--config', 'some.json', '-q']);
    expect(stderr).toMatch(/^error: job none: .*none\.onnx: expected a file; found nothing there\n$/);
    expect(status).toBe(1);
    expect(readdirSync(place.path('made'))).toContain('last.onnx');
  });

  it('lie over the settings of what is extended', async () => {
    const { config, jobs } = await loadConfig(place.path('jobs.json'));
    expect(config).toEqual({ seed: 4, target: 'cpu', validate: false, passes: 'opset' });
    expect(jobs.small?.out).toBe(place.path('made/small.onnx'));
  });

  it.each([
    [['small', '--config', 'base.json'], /^error: expected a config with jobs, e\.g\. .*; found none\n$/],
    [['smal', '--config', 'jobs.json'], /^error: unknown job "smal"; did you mean "small"\?\n$/],
    [['--config', 'loop.json'], /loop\.json: expected a config that does not extend itself; found that it does\n$/],
    [['--config', 'slip.json'], /slip\.json: jobs\.a: .*pases/],
  ])('refuse %s', async (words, message) => {
    const { status, stderr } = await place.run(['run', ...words]);
    expect(stderr).toMatch(message);
    expect(status).toBe(1);
  });
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
