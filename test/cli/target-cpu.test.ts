/** --target-cpu, the option that follows from it, and the text of doctor and report on 8-bit sums. */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { reportSchema } from '../../src/run/report/report.js';
import { closeRuntime } from '../../src/runtime/evaluate.js';
import { saturates } from '../../src/runtime/saturation.js';
import { tinyModel, Workplace } from './run-cli.js';

let place: Workplace;
beforeEach(async () => {
  place = new Workplace();
  await place.write(tinyModel(64));
});
afterEach(async () => {
  place.remove();
  await closeRuntime();
});

const run = (...words: string[]) => place.run(['model.onnx', '-o', 'out.onnx', '--report', 'report.json', ...words]);
const cpus = () => reportSchema.parse(JSON.parse(readFileSync(place.path('report.json'), 'utf8'))).cpus;
const report = async (...words: string[]) => {
  const { stderr } = await run('--quiet', '--no-validate', ...words);
  expect(stderr).toBe('');
  return cpus();
};

it('--target-cpu promises CPUs: full 8 bits where none of them saturates', async () => {
  expect((await report('--passes', 'int8'))?.exact).toBe(true);
  expect((await report('--passes', 'int8', '--target-cpu', 'vnni'))?.exact).toBe(false);
  expect((await report('--passes', 'int8', '--target-cpu', 'avx2, vnni,arm'))?.exact).toBe(true);
  expect((await report('--passes', 'int8:reduceRange=true', '--target-cpu', 'vnni'))?.exact).toBe(true);
  expect((await report('--passes', 'int8:reduceRange=false'))?.exact).toBe(false);
  expect((await report('--passes', 'int8:reduceRange=auto'))?.exact).toBe(true);
  expect(await report('--passes', 'simplify')).toBeUndefined();
});

it('names the CPUs that there are where another is asked for, and writes nothing', async () => {
  const names = 'expected a list of avx2, avx512, vnni, amx, arm';
  expect((await run('--passes', 'int8', '--target-cpu', 'vnni,zen')).stderr).toContain(`error: --target-cpu`);
  expect((await run('--passes', 'int8', '--target-cpu', 'zen')).stderr).toBe(
    `error: --target-cpu: ${names}; found ["zen"]\n`,
  );
  expect((await run('--passes', 'int8:reduceRange=maybe')).stderr).toBe(
    'error: pass int8: option reduceRange: expected auto | boolean; found "maybe"\n',
  );
  expect(place.files).toEqual(['model.onnx']);
});

it('says what the CPU at hand does where sums may saturate', async () => {
  const { stdout } = await run(
    '--passes',
    'int8:reduceRange=false',
    '--max-error',
    '10',
    '--min-cosine',
    '-1',
    '--no-speed',
  );
  const here = (await saturates()) ? 'saturates' : 'does not saturate';
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain(`u8 × s8 sums saturate (the one at hand ${here})`);
});

it('doctor tells whether sums saturate here', async () => {
  const found = JSON.parse((await place.run(['doctor', '--json'])).stdout) as { int8: { saturates: boolean } };
  expect(found.int8.saturates).toBe(await saturates());
  expect((await place.run(['doctor'])).stdout).toContain(
    found.int8.saturates ? '8-bit sums of u8 × s8 saturate here' : '8-bit sums of u8 × s8 are exact here',
  );
});
