import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readModel } from '../../src/onnx/read.js';
import { readReport } from '../../src/run/report/read-report.js';
import { cli, tinyModel, Workplace } from './run-cli.js';

let place: Workplace;
beforeAll(async () => {
  place = new Workplace();
  await place.write(tinyModel());
});
afterAll(() => place.remove());

/** The built command, fed these bytes: what it reads and writes are streams of a process. */
const piped = (words: readonly string[], input: Uint8Array) =>
  spawnSync(process.execPath, [cli, ...words], { cwd: place.folder, input, env: { ...process.env, NO_COLOR: '1' } });

describe('-', () => {
  it('is a model on stdin and the result on stdout, whose summary goes to stderr', async () => {
    const words = ['-', '--passes', 'simplify', '--no-speed', '--target', 'cpu', '--report', 'report.json'];
    const { status, stdout, stderr } = piped(words, readFileSync(place.path('model.onnx')));
    expect(stderr.toString()).toMatch(/✓ accuracy: [\s\S]*✓ wrote stdout /);
    expect(status).toBe(0);
    expect([...(await readModel(stdout)).graph.nodeSet].map(({ opType }) => opType)).toEqual(['Gemm']);
    const { input, output } = readReport(place.json('report.json'));
    expect([input, output]).toEqual(['stdin', { files: ['stdout'], bytes: stdout.length }]);
    expect(place.files).toEqual(['model.onnx', 'report.json']);
  });

  it('is refused where nothing comes', () => {
    const { status, stdout, stderr } = piped(['-', '--no-validate'], new Uint8Array());
    expect(stderr.toString()).toMatch(/error: -: expected a model on stdin; found nothing\./);
    expect([status, stdout.length]).toEqual([1, 0]);
  });
});

describe('a dry run of one model', () => {
  it('says what each pass finds and the size of the file, and writes nothing', async () => {
    const words = ['model.onnx', '--passes', 'simplify,bf16:minElements=1'];
    const before = place.files;
    const { stdout, status } = await place.run([...words, '--dry-run']);
    expect(stdout).toMatch(/✓ {2}simplify .* −2 Identity/);
    expect(stdout).toMatch(/\nfile .* kB +→ .* B/);
    expect(stdout).toMatch(/a dry run: the model was not run, and nothing was written\n$/);
    expect([status, place.files]).toEqual([0, before]);
  });

  it('expects the bytes that are then written', async () => {
    const words = ['model.onnx', '--passes', 'simplify,bf16', '--no-validate', '--target', 'cpu', '--json'];
    const plan = readReport((await place.run([...words, '--dry-run'])).stdout);
    const made = readReport((await place.run(words)).stdout);
    expect(plan.planned?.bytes).toBe(made.output?.bytes);
    expect(plan.output).toBeUndefined();
  });
});

it('runs the preset exact where no passes are named, and says so', async () => {
  const { stderr, stdout } = await place.run(['model.onnx', '--dry-run', '--target', 'cpu']);
  expect(stderr).toMatch(/^no --passes: exact, for cpu\. Smaller files: --passes half, /);
  expect(stdout).toMatch(/fuse-attn +nothing to do/);
});
