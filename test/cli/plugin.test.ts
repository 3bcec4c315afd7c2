/** Plugins on the command line: passes, rules and presets of a file, and the error for a file without any. */

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explain } from '../../src/explain.js';
import { buildModel } from '../../src/ir/build.js';
import { printModel } from '../../src/ir/whole-model/print.js';
import { readModel } from '../../src/onnx/read.js';
import { optimize } from '../../src/optimize.js';
import * as rules from '../../src/rules.js';
import { Workplace } from './run-cli.js';

const { any, definePass, op, Product, rule, site } = rules;
const x = any('x');

/** x·tanh(log(1 + exp(x)))  ⟶  Mish(x) */
const mish = rule({
  name: 'mish',
  because: 'one kernel that reads x once',
  match: Product(x, site(op.Tanh(op.Softplus(x)))),
  rewrite: ({ x }, { build, root }) => build.op('Mish', [x], {}, { type: root.type }),
});
/** A wrong rule: the replacement lacks the factor x. */
const wrong = rule({
  name: 'wrong',
  because: 'one kernel less',
  match: Product(x, site(op.Tanh(op.Softplus(x)))),
  rewrite: ({ x }, { build, root }) => build.op('Tanh', [x], {}, { type: root.type }),
});
const idle = definePass({ name: 'idle', summary: 'Does nothing.', fidelity: 'exact', run() {} });
const preset = { name: 'mine', passes: ['simplify', 'mish', idle()] };

let place: Workplace;
beforeAll(async () => {
  place = new Workplace();
  // With this, modules that a test imports by path are shared between test files.
  (globalThis as { plugin?: unknown }).plugin = { mish, wrong, idle, preset, rules };
  writeFileSync(place.path('mish.mjs'), 'export const { mish, idle, preset } = globalThis.plugin;');
  await place.write(
    buildModel({ '': 18 }, (g) => {
      const input = g.input('x', 'float32', [2, 8]);
      g.output('y', g.op('Mul', [g.op('Tanh', [g.op('Softplus', [input])]), input]));
    }),
  );
});
afterAll(() => place.remove());

const passes = ['--plugin', 'mish.mjs', '--passes'];

it('a rule of a file is a pass of its name, run beside what it replaces', async () => {
  const { status, stdout } = await place.run(['model.onnx', ...passes, 'mish', '--json', '--require', 'mish']);
  expect(status).toBe(0);
  expect(JSON.parse(stdout).passes).toMatchObject([
    { name: 'mish', status: 'applied', ops: { Mish: 1 }, rewrites: { count: 1, distinct: 1, refuted: [] } },
  ]);
});

it('a rule that gives other numbers is refuted, and its pass is not in the result', async () => {
  writeFileSync(place.path('wrong.mjs'), 'export const { wrong } = globalThis.plugin;');
  const words = [
    '--plugin',
    'wrong.mjs',
    '--passes',
    'wrong',
    '--require',
    'wrong',
    '--no-validate',
    '--verify',
    'rewrite',
  ];
  const { status, stdout, stderr } = await place.run(['model.onnx', '--json', ...words]);
  expect({ status, stderr }).toEqual({ status: 5, stderr: expect.stringContaining('require gate: wrong was refuted') });
  const { passes, outcome } = JSON.parse(stdout);
  expect(passes).toMatchObject([{ status: 'unchanged', rewrites: { count: 0, refuted: [{ rule: 'wrong' }] } }]);
  expect(outcome.done).toEqual([]);
  // Without --require the pass counts as rolled back: the result of the others is written, and the exit code says that a pass is missing.
  const free = ['model.onnx', ...words.filter((_, i) => i !== 4 && i !== 5)];
  const text = await place.run(free);
  expect(text.stdout).toMatch(/^✗ {2}wrong {2}refuted /);
  expect(text.stderr).toMatch(/^error: wrong was rolled back, all its rewrites were refuted: wrong, .*was written/m);
  expect(text.status).toBe(5);
  // What was taken back is said in any case.
  const quiet = await place.run([...free, '--allow-rollback', '-q']);
  expect(quiet).toEqual({ status: 0, stdout: '', stderr: expect.stringMatching(/^wrong was rolled back, .*\n$/) });
});

it('presets hold passes of plugins, and configs name plugins beside them', async () => {
  mkdirSync(place.path('settings'), { recursive: true });
  const config = { plugins: ['../mish.mjs'], passes: ['mine'], validate: false };
  writeFileSync(place.path('settings/c.json'), JSON.stringify(config));
  const { status, stdout, stderr } = await place.run(['model.onnx', '--json', '--config', 'settings/c.json']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(JSON.parse(stdout).passes.map(({ name }: { name: string }) => name)).toEqual(['simplify', 'mish', 'idle']);
});

it('a preset names presets that come after it, and none names itself', async () => {
  const presets = [
    { name: 'all', passes: ['simplify', 'last'] },
    { name: 'last', passes: 'mish' },
  ];
  // A preset needs no file of its own: a config may define it among its plugins.
  writeFileSync(
    place.path('c.json'),
    JSON.stringify({ plugins: ['mish.mjs', ...presets], passes: 'all', validate: false }),
  );
  const { status, stdout } = await place.run(['model.onnx', '--json', '--config', 'c.json']);
  expect(status).toBe(0);
  expect(JSON.parse(stdout).passes.map(({ name }: { name: string }) => name)).toEqual(['simplify', 'mish']);
  writeFileSync(
    place.path('circle.mjs'),
    'export const a = [{ name: "a", passes: "b" }, { name: "b", passes: ["a"] }];',
  );
  expect((await place.run(['passes', '--plugin', 'circle.mjs'])).stderr).toBe(
    'error: circle.mjs: expected presets without themselves in them; found a in a\n',
  );
});

it('explain and passes take the plugins of the nearest config', async () => {
  const project = new Workplace();
  try {
    writeFileSync(project.path('mish.mjs'), 'export const { mish } = globalThis.plugin;');
    writeFileSync(project.path('onnx-passes.config.json'), '{ "plugins": ["mish.mjs"], "seed": 1 }');
    const model = place.path('model.onnx');
    const { stdout, stderr } = await project.run(['explain', model, '--rule', 'mish']);
    expect(stdout).toContain('1 mish site  fused by mish');
    expect(stderr).toBe('plugins of onnx-passes.config.json\n');
    expect((await project.run(['passes', 'mish'])).stdout).toBe('mish  exact\n    One kernel that reads x once.\n');
    expect((await project.run(['passes', 'mish', '--json'])).stderr).toBe('');
    expect((await project.run(['passes', 'mish', '--no-config'])).stderr).toMatch(/^error: unknown pass "mish"/);
    expect((await project.run(['passes', 'mish', '--config', place.path('none.json')])).stderr).toMatch(/none\.json/);
  } finally {
    project.remove();
  }
});

it('one that the config and the command name is one', async () => {
  writeFileSync(place.path('same.json'), JSON.stringify({ plugins: ['mish.mjs'], passes: ['mish'], validate: false }));
  const words = [
    'model.onnx',
    '--config',
    'same.json',
    '--plugin',
    place.path('mish.mjs'),
    '--plugin=./mish.mjs',
    '--json',
  ];
  const { status, stderr } = await place.run(words);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

it('explain, passes and --help know them', async () => {
  const explained = await place.run(['explain', 'model.onnx', '--plugin', 'mish.mjs', '--rule', 'mish']);
  expect(explained.stdout).toContain('1 mish site  fused by mish');
  const listed = await place.run(['passes', 'mish', '--plugin=mish.mjs']);
  expect(listed.stdout).toBe('mish  exact\n    One kernel that reads x once.\n');
  const { stdout } = await place.run(['--help', '--plugin', 'mish.mjs']);
  expect(stdout).toMatch(/\n {2}mish +One kernel that reads x once\.\n {2}idle /);
  expect(stdout).toMatch(/\n {2}mine +Preset: simplify,mish,idle\n/);
});

describe('a TypeScript plugin, which names this package and its types', () => {
  const text = `import { any, op, rule, site, type Value } from 'onnx-passes/rules';
    const x = any('x');
    const same = (value: Value): Value => value;
    export const mish = rule({
      name: 'mish',
      because: 'one kernel',
      match: site(op.Mul(x, op.Tanh(op.Softplus(x)))),
      rewrite: ({ x }, { build, root }) => build.op('Mish', [same(x)], {}, { type: root.type }),
    });`;
  const words = ['passes', 'mish', '--plugin', 'mish.mts', '--no-config'];
  const listed = { status: 0, stdout: 'mish  exact\n    One kernel.\n', stderr: '' };
  let project: Workplace;
  beforeAll(() => {
    project = new Workplace();
    writeFileSync(project.path('mish.mts'), text);
  });
  afterAll(() => project.remove());

  // From 22.18 on Node strips types itself; for an older Node the refusal says so.
  it('is read by a Node that strips types', () => {
    const found = project.spawn(words);
    if ((process.features as { typescript?: unknown }).typescript) expect(found).toEqual(listed);
    else {
      expect(found.stderr).toMatch(/^error: mish\.mts: expected Node 22\.18 or newer for a \.ts plugin; found v2/);
      expect(found.status).toBe(1);
    }
  });

  it('is read with the esbuild of its own project', () => {
    mkdirSync(project.path('node_modules'), { recursive: true });
    const esbuild = fileURLToPath(new URL('../../node_modules/esbuild', import.meta.url));
    symlinkSync(esbuild, project.path('node_modules/esbuild'), 'junction');
    expect(project.spawn(words)).toEqual(listed);
    expect(project.files).toEqual(['mish.mts', 'node_modules']);
  });
});

it('the library takes them as they are', async () => {
  const model = await readModel(place.path('model.onnx'));
  const { model: result } = await optimize(model, 'fast', {
    plugins: [mish, { name: 'fast', passes: 'mish' }],
    verify: 'none',
  });
  expect(printModel(result)).toContain('Mish(%x)');
  expect(await explain(model, { plugins: [{ noun: 'Mish', rules: [mish] }], rule: 'mish' })).toMatchObject([
    { kind: 'Mish', rule: 'mish', fused: true },
  ]);
});

describe('what is said of a file', () => {
  it.each([
    ['exports nothing', '', 'expected exports of definePass or rule; found nothing'],
    ['exports neither', 'export const six = 6;', 'expected exports of definePass or rule; found six'],
    ['exports a maker of rules', 'export const make = () => 6;', 'found make. Of a function, export what it returns'],
    ['exports a called pass', 'export default globalThis.plugin.idle();', 'found idle, called. Leave its () away'],
    [
      'has a name of ours',
      'export const p = { name: "exact", passes: "fuse" };',
      'found exact, as a pass of this package is called',
    ],
    ['names an unknown pass', 'export const p = { name: "p", passes: "mihs" };', 'unknown pass "mihs"'],
    ['has a copy of a rule', 'export const r = { ...globalThis.plugin.mish };', 'See: npm ls onnx-passes'],
    ['does not load', 'import "./none.js";', 'expected a plugin that loads; found Error'],
    [
      'has no such op',
      'const { op, any } = globalThis.plugin.rules; op.Clipp(any("x"));',
      'op.Clipp is not a function. Did you mean op.Clip?',
    ],
    [
      'has a wrong pattern',
      'const { rule, op, any } = globalThis.plugin.rules; rule({ name: "r", because: "b", match: op.Erf(any("x")), rewrite() {} });',
      'expected a plugin that loads; found TypeError: rule r: expected a site',
    ],
  ])('that %s', async (name, text, expected) => {
    const file = `${name.replaceAll(' ', '-')}.mjs`;
    writeFileSync(place.path(file), text);
    const { status, stderr } = await place.run(['model.onnx', '--plugin', file, '--passes', 'simplify']);
    expect(stderr).toContain(`error: ${file}: `);
    expect(stderr).toContain(expected);
    expect(status).toBe(1);
  });

  it('that is not there, or of another kind', async () => {
    const run = async (file: string) => (await place.run(['passes', '--plugin', file])).stderr;
    expect(await run('none.js')).toContain('none.js: expected a file; found none');
    expect(await run('mish.py')).toBe('error: mish.py: expected a .js, .mjs or .ts file; found ".py"\n');
  });

  it('that has the names of another', async () => {
    writeFileSync(place.path('again.mjs'), 'export const { idle } = globalThis.plugin;');
    const { stderr } = await place.run(['passes', '--plugin', 'mish.mjs', '--plugin', 'again.mjs']);
    expect(stderr).toBe('error: again.mjs: expected a name of its own; found idle, as one of mish.mjs is called\n');
  });
});
