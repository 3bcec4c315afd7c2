/** The exit code tells whether the request was met and proven. */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildModel } from '../../src/ir/build.js';
import { readReport, reportHtml, reportMarkdown } from '../../src/report.js';
import type { Report } from '../../src/run/report/report.js';
import { tinyModel, Workplace } from './run-cli.js';

let place: Workplace;
beforeEach(async () => {
  place = new Workplace();
  await place.write(tinyModel(64));
});
afterEach(() => place.remove());

/** A number that no bfloat16 holds. */
const strict = [
  'model.onnx',
  '--passes',
  'simplify,bf16',
  '--target',
  'cpu',
  '--max-error',
  '1e-9',
  '--no-speed',
  '-q',
];

describe('a pass that was rolled back', () => {
  it('is exit code 5 and one line on stderr with -q too; the rest is written', async () => {
    const { status, stderr, stdout } = await place.run([...strict, '--report', 'r.json']);
    expect({ status, stdout }).toEqual({ status: 5, stdout: '' });
    expect(stderr).toMatch(
      /^error: bf16 was rolled back, "y": relative L2 .* > 1e-9.*\. model\.opt\.onnx was written.*\n$/,
    );
    expect(place.files).toEqual(['model.onnx', 'model.opt.onnx', 'r.json']);
    const { outcome } = place.json('r.json') as Report;
    expect(outcome).toMatchObject({ asked: ['simplify', 'bf16'], done: ['simplify'], takenBack: [{ pass: 'bf16' }] });
  });

  it('is exit code 5 and one line of a folder too, also where an earlier run has made it', async () => {
    for (const state of ['done', 'unchanged']) {
      const { status, stderr, stdout } = await place.run([...strict, '-o', 'out/', '--report', 'r.json']);
      expect({ status, stdout }).toEqual({ status: 5, stdout: '' });
      expect(stderr).toMatch(/^error: model: bf16 was taken back, "y": relative L2 .* > 1e-9.*--allow-rollback.*\n$/);
      expect(place.json('r.json')).toMatchObject({ parts: [{ state, takenBack: [{ pass: 'bf16' }] }] });
    }
  });

  it('is none with --allow-rollback, and still said', async () => {
    const { status, stdout, stderr } = await place.run([...strict, '--allow-rollback']);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(stderr).toMatch(/^bf16 was rolled back, "y": relative L2 .*\n$/);
  });

  it('keeps everything from being written where it is required', async () => {
    const { status, stderr } = await place.run([...strict, '--require', 'bf16']);
    expect(status).toBe(5);
    expect(stderr).toMatch(/^error: require gate: bf16 was rolled back, .*\. Nothing was written\n$/);
    expect(place.files).toEqual(['model.onnx']);
    expect((await place.run([...strict, '--require', 'int8'])).stderr).toBe(
      'error: require: expected one of the passes (simplify, bf16); found "int8"\n',
    );
    expect((await place.run([...strict, '--require', 'int9'])).stderr).toMatch(
      /^error: require: unknown pass "int9"; did you mean "int8"\?\n$/,
    );
  });
});

it('a pass that finds nothing to do is no fault, unless it is required', async () => {
  const words = ['model.onnx', '--passes', 'simplify,fuse-attn', '--no-validate', '-q'];
  expect(await place.run(words)).toEqual({ status: 0, stdout: '', stderr: '' });
  expect(await place.run([...words, '--require', 'fuse-attn'])).toMatchObject({
    status: 5,
    stderr: 'error: require gate: fuse-attn found nothing to do. Nothing was written\n',
  });
});

describe('an original that does not run', () => {
  beforeEach(() =>
    place.write(
      buildModel({ '': 17 }, (g) => {
        const x = g.input('x', 'float32', [1, 64]);
        const weight = Array.from({ length: 4096 }, (_, i) => Math.sin(i));
        const product = g.op('MatMul', [g.op('Identity', [x]), g.constant('float32', weight, [64, 64])]);
        g.output('y', g.op('NoSuchOp', [product]), 'float32', [1, 64]);
      }),
    ),
  );
  const bf16 = ['model.onnx', '--passes', 'bf16', '--target', 'cpu', '--no-speed', '-q'];

  it('stops passes that change numbers', async () => {
    const { status, stderr } = await place.run(bf16);
    expect(status).toBe(6);
    expect(stderr).toMatch(/^error: proof gate: the original does not run: .*NoSuchOp.*\. Nothing was written\n$/);
    expect(place.files).toEqual(['model.onnx']);
    const { stdout } = await place.run(bf16.slice(0, -1));
    expect(stdout.match(/the original does not run/g)).toHaveLength(1);
    expect(stdout).toContain('✗ nothing written; --no-validate takes it unproven');
    const two = ['compare', 'model.onnx', 'model.onnx', '--target', 'cpu', '--no-speed', '-q'];
    expect(await place.run(two)).toMatchObject({ status: 6, stderr: expect.not.stringContaining('written') });
    expect(await place.run([...bf16, '--no-validate'])).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('is said by the exit code for exact passes too, whose result is written', async () => {
    const words = ['model.onnx', '--passes', 'simplify', '--target', 'cpu', '--no-speed', '--report', 'r.json'];
    const { status, stdout } = await place.run(words);
    expect(stdout).toContain('✗ proof: the original does not run');
    expect(status).toBe(6);
    const report = readReport(readFileSync(place.path('r.json'), 'utf8'));
    expect(report.gates.map(({ name, passed }) => [name, passed])).toEqual([['proof', false]]);
    expect(reportMarkdown(report)).toMatch(/\*\*failed\*\*: proof, .*NoSuchOp/);
    expect(await reportHtml(report)).toContain('model.opt.onnx was written, not proven: nothing could be compared.');
    expect(place.files).toContain('model.opt.onnx');
    const unasked = await place.run([
      'model.onnx',
      '--passes',
      'simplify',
      '--target',
      'cpu',
      '--no-validate',
      '--force',
    ]);
    expect(unasked.status).toBe(0);
  });

  it('is said of a folder too', async () => {
    const words = ['model.onnx', '-o', 'out/', '--passes', 'simplify', '--target', 'cpu', '--no-speed'];
    const { status, stdout } = await place.run([...words, '--report', 'r.html']);
    expect(status).toBe(6);
    expect(stdout).toMatch(/\? +model +model/);
    expect(stdout).toContain('model was written, not proven: the original does not run');
    expect(readFileSync(place.path('r.html'), 'utf8')).toContain('model was written, not proven');
    const again = await place.run([...words, '-q']);
    expect(again).toMatchObject({ status: 6, stdout: '' });
    expect(again.stderr).toMatch(/^error: model was written, not proven: the original does not run.*NoSuchOp.*\n$/);
  });
});

describe('a checker that is killed', () => {
  /** Kills the process that runs models, during this many of its runs. */
  const killing = (times: number) => {
    const guard = `import child from 'node:child_process'; import { syncBuiltinESMExports } from 'node:module';
      const { fork } = child; let left = ${times};
      child.fork = (...words) => {
        const own = fork(...words), send = own.send.bind(own);
        own.send = (message, ...rest) => {
          const sent = send(message, ...rest);
          if (message.call === 'run' && left-- > 0) own.kill('SIGKILL');
          return sent;
        };
        return own;
      };
      syncBuiltinESMExports();`;
    return { NODE_OPTIONS: `--import "data:text/javascript,${encodeURIComponent(guard)}"` };
  };
  const words = (passes: string) => [
    'model.onnx',
    '--passes',
    passes,
    '--target',
    'cpu',
    '--verify',
    'end',
    '--no-speed',
    '-q',
  ];

  it('is tried once more', () => {
    expect(place.spawn(words('bf16'), killing(1))).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('is exit code 6, and nothing that changes numbers is written', () => {
    const { status, stderr } = place.spawn(words('bf16'), killing(1e9));
    expect(status).toBe(6);
    expect(stderr).toMatch(/^error: proof gate: the check could not be made: .*SIGKILL.*\. Nothing was written\n$/);
    expect(place.files).toEqual(['model.onnx']);
  });

  it('is exit code 6 for exact passes too, which are written', () => {
    const { status, stderr } = place.spawn(words('simplify'), killing(1e9));
    expect(status).toBe(6);
    expect(stderr).toMatch(/SIGKILL.*\. model\.opt\.onnx was written, not verified\n$/);
    expect(place.files).toEqual(['model.onnx', 'model.opt.onnx']);
  });
});
