import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli, tinyModel, Workplace } from './run-cli.js';

let place: Workplace;
let files: string[];
beforeAll(async () => {
  place = new Workplace();
  await place.write(tinyModel());
  const bytes = readFileSync(place.path('model.onnx'));
  writeFileSync(place.path('truncated.onnx'), bytes.subarray(0, bytes.length / 2));
  writeFileSync(place.path('text.onnx'), 'This is no model.\n');
  writeFileSync(place.path('config.yaml'), '');
  writeFileSync(place.path('broken.json'), '{');
  writeFileSync(place.path('wrong.json'), '{ "pases": "simplify" }');
  writeFileSync(place.path('type.json'), '{ "seed": "one" }');
  writeFileSync(place.path('slip.json'), '{\n  "a": ]\n}');
  writeFileSync(place.path('throws.mjs'), 'throw new Error("boom");');
  mkdirSync(place.path('folder'));
  symlinkSync('model.onnx', place.path('link.onnx'));
  files = place.files;
});
afterAll(() => place.remove());

const run = ['--passes', 'simplify', '--no-validate'];

describe('one line, no stack, exit code 1, nothing written', () => {
  it.each<[string, string[], string | RegExp]>([
    ['a missing file', ['none.onnx', ...run], /none\.onnx: expected a file; found nothing there/],
    ['a folder', ['folder', ...run], /expected --out <folder> for a folder; found none/],
    ['a folder without models', ['folder', ...run, '-o', 'other'], /folder: expected a folder with models/],
    ['a flag of folders', ['model.onnx', ...run, '-j', '2'], /--jobs: expected a folder; found a model file/],
    [
      'a dry run that measures',
      ['model.onnx', ...run, '--dry-run', '--tune', '--tune-cache', 'c.json'],
      /--dry-run: expected no --tune/,
    ],
    [
      'a dry run that writes',
      ['model.onnx', ...run, '--dry-run', '--report', 'r.md'],
      /--dry-run: expected no --report/,
    ],
    [
      'stdout for several files',
      ['model.onnx', ...run, '-o', '-', '--external-data'],
      /--external-data: expected --out <file>/,
    ],
    ['a text file', ['text.onnx', ...run], /text\.onnx/],
    ['a truncated model', ['truncated.onnx', ...run], /truncated\.onnx/],
    ['no passes but a comma', ['model.onnx', '--passes', ','], /--passes: expected a,b,…; found ","/],
    ['an unknown pass', ['model.onnx', '--passes', 'simplfy'], 'unknown pass "simplfy"; did you mean "simplify"?'],
    [
      'an option it has not',
      ['model.onnx', '--passes', 'bf16:kep=Erf'],
      /^pass bf16: unknown option "kep"; did you mean "keep"\?$/,
    ],
    ['a word for yes or no', ['model.onnx', ...run, '--tune=yes'], '--tune: expected true or false; found "yes"'],
    ...['constructor', '__proto__'].map((name): [string, string[], string] => [
      `a flag that every object has, ${name}`,
      ['inspect', 'model.onnx', `--${name}=1`],
      `unknown flag "--${name}"; there are: --values, --budget, --allow-outside-data, --json`,
    ]),
    ['an unknown flag', ['model.onnx', '--pases', 'simplify'], 'unknown flag "--pases"; did you mean "--passes"?'],
    [
      'a negated unknown flag',
      ['model.onnx', '--no-valdate'],
      'unknown flag "--no-valdate"; did you mean "--no-validate"?',
    ],
    [
      'a value of no choice',
      ['model.onnx', '--target', 'tpu'],
      /^--target: expected auto \| cpu \| cuda.* \| webgpu.*; found "tpu"$/,
    ],
    [
      'a browser for another target',
      ['model.onnx', '--passes', 'simplify', '--target', 'cpu', '--provider', 'web'],
      /provider web: expected the target webgpu; found cpu/,
    ],
    [
      'a browser and no comparison',
      ['model.onnx', ...run, '--provider', 'web'],
      /provider.*expected validation to be on/,
    ],
    ['a flag without its value', ['model.onnx', '--passes'], '--passes: expected a value; found none'],
    ['a flag given twice', ['model.onnx', ...run, '--passes', 'bf16'], '--passes: expected it once; found 2 times'],
    ['no number', ['model.onnx', ...run, '--seed', 'x'], '--seed: expected a number; found "x"'],
    ['no whole number', ['model.onnx', ...run, '--seed', '-1.5'], '--seed: expected a whole number; found -1.5'],
    [
      'a limit out of range',
      ['model.onnx', ...run, '--min-cosine', '1.5'],
      '--min-cosine: expected a number from -1 to 1; found 1.5',
    ],
    [
      'a gate where nothing is measured',
      ['model.onnx', ...run, '--min-speedup', '2'],
      /\(--min-speedup\): expected validation to be on/,
    ],
    [
      'an empty list of passes',
      ['model.onnx', '--passes', ','],
      '--passes: expected a,b,…; found ",". See: optimize passes',
    ],
    ['no list of passes', ['model.onnx', '--passes', ''], '--passes: expected a,b,…; found "". See: optimize passes'],
    ['a dim of no input', ['model.onnx', ...run, '--dim', 'foo=3'], 'unknown dim "foo"; there are: batch'],
    [
      'a shape of no input',
      ['model.onnx', ...run, '--shape', 'foo=1,2'],
      'shape of "foo": expected an input of the model; found x',
    ],
    [
      'a range of a dim and a shape that holds it',
      ['model.onnx', ...run, '--dim', 'batch=1..4', '--shape', 'x=2,16'],
      'dim "batch": expected a size or a range; found 1..4 (given as a dim) and 2 (shape of "x")',
    ],
    [
      'a dim given twice',
      ['model.onnx', ...run, '--dim', 'batch=1..4', '--dim', 'batch=2'],
      '--dim: expected batch once; found batch=1..4 and batch=2',
    ],
    [
      'a shape given twice',
      ['model.onnx', ...run, '--shape', 'x=1,16', '--shape', 'x=2,16'],
      '--shape: expected x once; found x=1,16 and x=2,16',
    ],
    [
      'a file for races where none are run',
      ['model.onnx', ...run, '--tune-cache', 'x.json'],
      '--tune-cache: expected --tune; found it off. Nothing would be measured',
    ],
    ['a shape of another rank', ['model.onnx', ...run, '--shape', 'x=1'], 'shape of "x": expected 2 dims; found [1]'],
    [
      'a shape that the model excludes',
      ['model.onnx', ...run, '--shape', 'x=1,3'],
      'shape of "x": expected 16 at axis 1, which the model fixes; found 3',
    ],
    [
      'shapes and dims that two models cannot be compared on',
      ['compare', 'model.onnx', 'model.onnx', '--dim', 'foo=3'],
      'unknown dim "foo"; there are: batch',
    ],
    [
      'no folder of inputs',
      ['model.onnx', ...run, '--inputs', 'none'],
      /^none: expected test_data_set_\* with .*; found nothing there/,
    ],
    ['no shape', ['model.onnx', ...run, '--shape', 'x=1,b'], '--shape: expected name=1,3,224,224; found "x=1,b"'],
    ['no dim', ['model.onnx', ...run, '--dim', 'batch'], '--dim: expected name=4 or name=1..512; found "batch"'],
    [
      'a range that ends before it begins',
      ['model.onnx', ...run, '--dim', 'batch=8..2'],
      '--dim: batch: expected the least size first; found "8..2"',
    ],
    ['a pass that there is not', ['passes', 'fuse-nrm'], 'unknown pass "fuse-nrm"; did you mean "fuse-norm"?'],
    ['one pass too many', ['passes', 'bf16', 'fp16'], 'expected one pass; found "fp16" as well'],
    [
      'a misspelled command',
      ['inspct', 'model.onnx'],
      /expected one model; found "model.onnx" as well. Did you mean: optimize inspect model.onnx\?/,
    ],
    [
      'no folder for the result',
      ['model.onnx', ...run, '-o', 'no/out.onnx'],
      'no/out.onnx: expected a folder to write to; found none at no',
    ],
    [
      'a folder as the result',
      ['model.onnx', ...run, '-o', 'folder'],
      'folder: expected a path for a file; found a folder',
    ],
    [
      'a link as the result',
      ['model.onnx', ...run, '-o', 'link.onnx'],
      'link.onnx: expected a path for a file; found a link',
    ],
    [
      'one path for two files',
      ['model.onnx', ...run, '-o', 'out.onnx', '--contract', '--report', './out.contract.json'],
      './out.contract.json: expected a path of its own; found that of another file of the result',
    ],
    [
      'a report of no kind',
      ['model.onnx', ...run, '--report', 'r.txt'],
      '--report: expected a path ending in .json, .md or .html; found "r.txt"',
    ],
    [
      'no folder for the report',
      ['model.onnx', ...run, '--report', 'no/r.json'],
      'no/r.json: expected a folder to write to; found none at no',
    ],
    ['a missing config', ['model.onnx', '--config', 'none.json'], 'none.json: expected a file; found none'],
    [
      'a config of no kind',
      ['model.onnx', '--config', 'config.yaml'],
      'config.yaml: expected a .js, .ts or .json file; found ".yaml"',
    ],
    [
      'a config that is no JSON',
      ['model.onnx', '--config', 'broken.json'],
      'broken.json: expected JSON; found the end of the file at line 1, column 2',
    ],
    [
      'a config with a slip',
      ['model.onnx', '--config', 'slip.json'],
      'slip.json: expected JSON; found "]" at line 2, column 8',
    ],
    [
      'a config that throws',
      ['model.onnx', '--config', 'throws.mjs'],
      'throws.mjs: expected a config that loads; found Error: boom',
    ],
    [
      'an unknown setting',
      ['model.onnx', '--config', 'wrong.json'],
      'wrong.json: unknown setting "pases"; did you mean "passes"?',
    ],
    [
      'a setting of another type',
      ['model.onnx', '--config', 'type.json'],
      'type.json: seed: expected a whole number; found "one"',
    ],
    ['no model to inspect', ['inspect'], 'expected <model>; found none. See: optimize --help'],
    ['one model to compare', ['compare', 'model.onnx'], 'expected <result>; found none. See: optimize --help'],
    [
      'a model that is not there, inspected',
      ['inspect', 'none.onnx'],
      /none\.onnx: expected a file; found nothing there/,
    ],
  ])('%s', async (_, words, message) => {
    const { status, stdout, stderr } = await place.run(words);
    expect(stderr.replace(/^reading\n/, '')).toMatch(/^error: .*\n$/);
    const text = stderr.replace(/^reading\n/, '').slice('error: '.length, -1);
    if (typeof message === 'string') expect(text).toBe(message);
    else expect(text).toMatch(message);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(place.files).toEqual(files);
  });
});

it('shows one pass by its name or another name of it, and what a preset consists of', async () => {
  const { status, stdout, stderr } = await place.run(['passes', 'fuse-norm']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^fuse-norm /);
  expect(stdout).not.toContain('fuse-attn');
  const { passes, presets } = JSON.parse((await place.run(['passes', 'fuse', '--json'])).stdout);
  expect(presets).toMatchObject([{ name: 'fuse' }]);
  expect(passes.map(({ name }: { name: string }) => name)).toEqual(
    presets[0].passes.map(({ name }: { name: string }) => name),
  );
  expect((await place.run(['passes'])).stdout).toContain('fuse-attn');
  expect((await place.run(['passes', '--help'])).stdout).toMatch(/^optimize passes \[pass\] \[flags\]/);
});

it('takes its own name before the words: the package starts under another', async () => {
  const words = ['inspect', 'model.onnx', '--json'];
  expect(await place.run(['optimize', ...words])).toEqual(await place.run(words));
  const { stderr } = await place.run(['optimize', 'none.onnx', ...run]);
  expect(stderr).toMatch(/none\.onnx: expected a file; found nothing there/);
});

it('shows its help: asked for on stdout, without any words on stderr', async () => {
  expect(await place.run(['--help'])).toMatchObject({
    status: 0,
    stderr: '',
    stdout: expect.stringContaining('--passes'),
  });
  expect(await place.run([])).toMatchObject({
    status: 1,
    stdout: '',
    stderr: expect.stringContaining('Other commands'),
  });
  // A list of choices that is wider than its column is printed whole.
  expect((await place.run(['--help'])).stdout).toMatch(/--attn-op auto\|\S*[^|\s]\n/);
  expect((await place.run(['inspect', '--help'])).stdout).toContain('--values');
  expect((await place.run(['doctor', '--help'])).stdout).toMatch(/-h, --help .*\n +--version /);
  expect((await place.run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

it('runs under the permission model of Node with the flags that it says it needs', () => {
  const model = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission';
  const under = (...flags: string[]) =>
    spawnSync(
      process.execPath,
      ['--no-warnings', model, '--allow-fs-read=*', ...flags, cli, 'model.onnx', ...run, '-o', 'allowed.onnx', '-q'],
      { cwd: place.folder, encoding: 'utf8' },
    );
  const refused = under();
  expect(refused).toMatchObject({ status: 1, stderr: expect.stringMatching(/^error: expected what --allow.*\n$/) });
  const flags = refused.stderr.match(/--allow-(?!fs-read)[a-z-]+(=\*)?/g) ?? [];
  expect(under(...flags)).toMatchObject({ status: 0, stderr: '' });
  expect(existsSync(place.path('allowed.onnx'))).toBe(true);
});

it.runIf(existsSync('/dev/full'))('says so where what it prints has no room', () => {
  const full = openSync('/dev/full', 'w');
  const { status, stderr } = spawnSync(process.execPath, [cli, 'inspect', place.path('model.onnx')], {
    encoding: 'utf8',
    stdio: ['ignore', full, 'pipe'],
  });
  closeSync(full);
  expect([status, stderr]).toEqual([1, 'error: expected room to write; found the disk full\n']);
});

it('does what needs no temporary folder without one', () => {
  const { status, stderr } = place.spawn(['model.onnx', ...run, '-o', 'result.onnx'], { TMPDIR: place.path('none') });
  expect([status, stderr]).toEqual([0, expect.not.stringContaining('error')]);
});
