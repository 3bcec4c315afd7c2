/** `optimize folder -o folder`: stopped anywhere, the next run completes; parts side by side give the same. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeFolder } from '../../fixtures/folders.js';
import { cli, Workplace } from './run-cli.js';

let place: Workplace;
beforeAll(async () => {
  place = new Workplace();
  await writeFolder('sd15', place.path('in'));
});
afterAll(() => place.remove());

const words = (out: string): string[] => ['in', '-o', out, '--passes', 'half', '--no-validate'];
/** Every file but the record, by its content. */
const contents = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(place.path(folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== '.onnx-passes.json')
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [
        path.slice(place.path(folder).length),
        createHash('sha256').update(readFileSync(path)).digest('hex'),
      ]),
  );

/** Runs the command until it says something, and ends it there: the last line that it says. */
function stoppedAt(out: string, text: RegExp, signal: NodeJS.Signals): Promise<string | undefined> {
  const child = spawn(process.execPath, [cli, ...words(out)], { cwd: place.folder });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
    if (text.test(said)) child.kill(signal);
  });
  return new Promise((resolve) => child.once('close', () => resolve(said.trimEnd().split('\n').at(-1))));
}

it('tells each part, and all files are there', async () => {
  const { status, stdout } = await place.run(words('whole'));
  expect(status).toBe(0);
  expect(stdout).toMatch(/✓ +unet +denoiser/);
  expect(Object.keys(contents('whole'))).toHaveLength(10);
});

it.each([
  ['SIGKILL', /2\/3 unet: (6\/6|writing)/],
  ['SIGINT', /3\/3 vae_decoder: (reading|1)/],
] as const)('stopped by %s at %s, the next run completes', async (signal, text) => {
  const out = `stopped${signal}${text.source.length}`;
  const last = await stoppedAt(out, text, signal);
  if (signal === 'SIGINT') expect(last).toBe(`interrupted; ${out} is as it was; 2 of 3 parts kept for the next run`);
  expect(existsSync(place.path(out))).toBe(false);
  const { status } = await place.run(words(out));
  expect(status).toBe(0);
  expect(contents(out)).toEqual(contents('whole'));
  expect(readdirSync(place.folder).filter((name) => name.startsWith('.'))).toEqual([]);
});

it('leaves nothing where it is interrupted before a part is done', async () => {
  expect(await stoppedAt('early', /1\/3 text_encoder: (reading|1)/, 'SIGINT')).toBe('interrupted; early is as it was');
  expect(readdirSync(place.folder).filter((name) => /early/.test(name))).toEqual([]);
});

it('works on parts side by side', async () => {
  const { status } = await place.run([...words('beside'), '-j', '3']);
  expect(status).toBe(0);
  expect(contents('beside')).toEqual(contents('whole'));
});

it('gives JSON, and names a part that fails on stderr', async () => {
  const copied = ['--part', 'unet:passes=none', '--part', 'vae_decoder:passes=none'];
  const strict = ['--max-error', '1e-9', '--verify', 'rewrite', '--no-speed', '--json'];
  const { status, stdout, stderr } = await place.run(['in', '-o', 'refused', '--passes', 'half', ...copied, ...strict]);
  expect(status).toBe(2);
  expect(stderr).toMatch(/error: text_encoder failed: accuracy gate/);
  expect(JSON.parse(stdout)).toMatchObject({ isWritten: false });
  expect(existsSync(place.path('refused'))).toBe(false);
});

it('takes patterns in quotes and parts of a config, and refuses what is of one file', async () => {
  writeFileSync(place.path('parts.json'), JSON.stringify({ parts: { vae_decoder: { passes: 'none' } } }));
  const planned = [...words('plan'), '--dry-run', '--json', '--config', 'parts.json'];
  expect(JSON.parse((await place.run(planned)).stdout).parts[2]).toMatchObject({
    reasons: [expect.stringMatching('copied')],
  });
  const several = await place.run(['in/*/model.onnx', '-o', 'several/', '--dry-run', '--json']);
  expect(JSON.parse(several.stdout)).toMatchObject({ layout: 'diffusers', parts: [{ name: 'text_encoder' }, {}, {}] });
  const alone = await place.run(['in/unet/model.onnx', '--passes', 'half', '--config', 'parts.json']);
  expect(alone.stderr).toMatch(/parts: expected a folder; found a model file/);
  const variants = await place.run(['in/*/model.onnx', '-o', 'several/', '--variants', 'a=half']);
  expect(variants.stderr).toMatch(/--variants: expected one model file; found several/);
});
