import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { reportSchema } from '../../src/run/report/report.js';
import { tinyModel, Workplace } from './run-cli.js';

let place: Workplace;
beforeEach(async () => {
  place = new Workplace();
  await place.write(tinyModel());
});
afterEach(() => place.remove());

const fast = ['--passes', 'simplify', '--no-validate'];

describe('optimize', () => {
  it('verifies, writes beside the input, and says what it did', async () => {
    const { status, stdout, stderr } = await place.run(['model.onnx', '--passes', 'simplify', '--target', 'cpu']);
    expect(stderr).toMatch(/^reading\n1\/1 simplify: /);
    expect(stdout).toMatch(/✓ {2}simplify .* −2 Identity/);
    expect(stdout).toMatch(/nodes +4 +→ +1 +−75 %/);
    expect(stdout).toMatch(/✓ accuracy: /);
    expect(stdout).toMatch(/✓ wrote model\.opt\.onnx/);
    expect(status).toBe(0);
    expect(place.files).toEqual(['model.onnx', 'model.opt.onnx']);
  });

  it('is silent with --quiet, and gives the same bytes every time', async () => {
    expect(await place.run(['model.onnx', ...fast, '-q', '-o', 'a.onnx'])).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
    expect((await place.run(['model.onnx', ...fast, '--quiet', '--out', 'b.onnx'])).status).toBe(0);
    expect(readFileSync(place.path('a.onnx')).equals(readFileSync(place.path('b.onnx')))).toBe(true);
  });

  it('prints the report alone with --json, and writes it with --report', async () => {
    const run = await place.run([
      'model.onnx',
      ...fast,
      '--json',
      '--report',
      'r.json',
      '--seed',
      '7',
      '--target',
      'webgpu',
    ]);
    expect(run.stderr).toBe('');
    const report = reportSchema.parse(JSON.parse(run.stdout));
    expect(report).toMatchObject({ seed: 7, target: 'webgpu', verification: { level: 'none' }, input: 'model.onnx' });
    expect(report.command).toBe(
      'optimize model.onnx --passes simplify --no-validate --json --report r.json --seed 7 --target webgpu',
    );
    expect(report.output?.files).toEqual(['model.opt.onnx']);
    expect(report.accuracy).toBeUndefined();
    expect(JSON.parse(readFileSync(place.path('r.json'), 'utf8'))).toEqual(JSON.parse(run.stdout));
    expect((await place.run(['model.onnx', ...fast, '-q', '--report', 'r.md'])).status).toBe(0);
    expect(readFileSync(place.path('r.md'), 'utf8')).toMatch(/^# model\.onnx\n/);
  });

  it('runs rewrites alone with --verify rewrite', async () => {
    const { stdout } = await place.run([
      'model.onnx',
      '--passes',
      'simplify',
      '--target',
      'cpu',
      '--verify',
      'rewrite',
      '--no-speed',
      '--json',
    ]);
    expect(JSON.parse(stdout).verification).toEqual({ level: 'rewrite' });
  });

  it('starts no process with --no-validate', () => {
    const guard = `import child from 'node:child_process'; import { syncBuiltinESMExports } from 'node:module';
      for (const name of ['fork', 'spawn', 'spawnSync', 'exec', 'execFile']) child[name] = () => { throw new Error('a process'); };
      syncBuiltinESMExports();`;
    const NODE_OPTIONS = `--import "data:text/javascript,${encodeURIComponent(guard)}"`;
    expect(place.spawn(['model.onnx', ...fast, '-q'], { NODE_OPTIONS })).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(place.spawn(['model.onnx', '--passes', 'simplify', '-q'], { NODE_OPTIONS }).stderr).toContain('a process');
  });

  it('overwrites its input only with --force', async () => {
    const before = readFileSync(place.path('model.onnx'));
    expect(await place.run(['model.onnx', ...fast, '-o', './model.onnx'])).toEqual({
      status: 1,
      stdout: '',
      stderr: "error: ./model.onnx: expected another path than the input's. Use --force to overwrite the input\n",
    });
    expect(readFileSync(place.path('model.onnx')).equals(before)).toBe(true);
    expect((await place.run(['model.onnx', ...fast, '-q', '-o', 'model.onnx', '--force'])).status).toBe(0);
    expect(readFileSync(place.path('model.onnx')).length).toBeLessThan(before.length);
  });

  it('leaves the data of its input alone', async () => {
    const model = await readModel(place.path('model.onnx'));
    const { files } = await writeModel(model, place.path('b.onnx'), { externalData: true });
    const data = files[1] as string;
    renameSync(place.path('b.onnx'), place.path('a.onnx'));
    const before = readFileSync(data);
    const words = ['a.onnx', ...fast, '-q', '--external-data'];
    const stderr = "expected another path than the input's. Use --force to overwrite the input\n";
    expect((await place.run([...words, '-o', basename(data)])).stderr).toBe(`error: ${basename(data)}: ${stderr}`);
    expect((await place.run([...words, '-o', 'b.onnx'])).status).toBe(0);
    expect((await place.run(['b.onnx', ...fast, '-q', '-o', 'b.onnx', '--force'])).status).toBe(0);
    expect(place.files).toEqual(['a.onnx', basename(data), 'b.onnx', 'model.onnx'].sort());
    expect(readFileSync(data).equals(before)).toBe(true);
  });

  it('reads settings from a config file; flags go first', async () => {
    writeFileSync(place.path('c.json'), '{ "passes": "simplify", "validate": false, "seed": 3 }');
    writeFileSync(place.path('c.mjs'), 'export default { passes: ["simplify"], validate: false, seed: 3 };');
    writeFileSync(place.path('c.js'), 'module.exports = { passes: ["simplify"], validate: false, seed: 3 };');
    for (const [config, seed] of [
      ['c.json', 3],
      ['c.mjs', 3],
      ['c.js', 3],
    ] as const)
      expect(JSON.parse((await place.run(['model.onnx', '--json', '--config', config])).stdout).seed).toBe(seed);
    const { stdout } = await place.run(['model.onnx', '--json', '--config', 'c.json', '--seed', '9']);
    expect(JSON.parse(stdout).seed).toBe(9);
  });
});

describe('gates', () => {
  it('accuracy: exit code 2, and nothing is written', async () => {
    await place.write(tinyModel(64));
    const words = [
      'model.onnx',
      '--passes',
      'bf16',
      '--max-error',
      '1e-9',
      '--target',
      'cpu',
      '--verify',
      'none',
      '--no-speed',
    ];
    const { status, stdout } = await place.run([...words, '--report', 'r.json']);
    expect(status).toBe(2);
    expect(stdout).toMatch(/✗ accuracy: /);
    expect(stdout).toMatch(/✗ nothing written/);
    expect(place.files).toEqual(['model.onnx', 'r.json']);
    expect((await place.run([...words, '--quiet'])).stderr).toMatch(
      /^error: accuracy gate: .*\. Nothing was written\n$/,
    );
  });

  it('speed: exit code 3', async () => {
    const words = ['model.onnx', '--passes', 'simplify', '--min-speedup', '1000', '--target', 'cpu', '-q'];
    expect(await place.run(words)).toMatchObject({ status: 3, stdout: '' });
    expect(place.files).toEqual(['model.onnx']);
  });

  it('cannot be asked for where nothing is measured', async () => {
    const { status, stderr } = await place.run(['model.onnx', ...fast, '--min-speedup', '1.1']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error: .*expected validation to be on; found it off/);
  });
});
