/** What shells and editors use: completion, versions, a job that is done again. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeOf, statesOf } from '../../cli/commands/optimize/watch.js';
import { watchedPaths } from '../../cli/commands/optimize/watched.js';
import { commands } from '../../cli/parse/commands.js';
import { writeModel } from '../../src/onnx/write.js';
import { tinyModel, Workplace } from './run-cli.js';

let place: Workplace;
beforeAll(async () => {
  place = new Workplace();
  await place.write(tinyModel());
});
afterAll(() => place.remove());

describe('completion', () => {
  it('completes commands, flags, choices and passes in bash', async () => {
    const { stdout } = await place.run(['completion', 'bash']);
    const lines = [
      'optimize insp',
      'optimize a.onnx --targ',
      'optimize a.onnx --target cp',
      'optimize a.onnx --passes half,fuse-at',
    ];
    const asked = lines.map(
      (line) =>
        `COMP_WORDS=(${line}); COMP_CWORD=$((\${#COMP_WORDS[@]}-1)); _onnx_passes 2>/dev/null; echo "\${COMPREPLY[*]}"`,
    );
    const found = spawnSync('bash', ['-c', `${stdout}\n${asked.join('\n')}`], { encoding: 'utf8' });
    expect(found.stdout.trim().split('\n')).toEqual(['inspect', '--target-cpu --target', 'cpu', 'half,fuse-attn']);
  });

  it('names every flag of every command in fish', async () => {
    const { stdout } = await place.run(['completion', 'fish']);
    for (const { flags } of commands)
      for (const name of Object.keys(flags)) expect(stdout).toMatch(new RegExp(` -l (?:no-)?${name} `));
  });

  it('is refused for another shell', async () => {
    expect((await place.run(['completion', 'tcsh'])).stderr).toBe(
      'error: completion: expected bash | zsh | fish; found "tcsh"\n',
    );
  });
});

it('--version --json names the runtimes', async () => {
  const found = JSON.parse((await place.run(['--version', '--json'])).stdout);
  expect(Object.keys(found)).toEqual(['onnx-passes', 'node', 'onnxruntime-node']);
});

describe('--watch', () => {
  it('sees a file that is written, replaced or changed before it looks', async () => {
    const path = place.path('watched.json');
    writeFileSync(path, '{}');
    let before = await statesOf([path]);
    writeFileSync(path, '{ }');
    await changeOf([path], before);
    before = await statesOf([path]);
    const seen = changeOf([path], before);
    writeFileSync(place.path('new.json'), '{  }');
    renameSync(place.path('new.json'), path);
    await seen;
    expect(await statesOf([path])).not.toBe(before);
  });

  it('watches the weights beside the model, and inputs that come and go', async () => {
    await writeModel(tinyModel(), place.path('apart.onnx'), { externalData: true });
    mkdirSync(place.path('inputs/test_data_set_0'), { recursive: true });
    writeFileSync(place.path('inputs/test_data_set_0/input_0.pb'), '');
    const flags = { models: [place.path('apart.onnx')], inputs: place.path('inputs'), config: false };
    const watched = await watchedPaths(flags);
    expect(watched[0]).toBe(place.path('apart.onnx'));
    expect(watched.some((path) => /apart\.onnx\..*data$/.test(path))).toBe(true);
    expect(watched.slice(-2)).toEqual([place.path('inputs'), place.path('inputs/test_data_set_0/input_0.pb')]);
    // What is no model yet is watched as it is named.
    expect(await watchedPaths({ models: ['none.onnx'], config: false })).toEqual(['none.onnx']);
  });

  it('is refused where nothing can change', async () => {
    expect((await place.run(['-', '--watch'])).stderr).toMatch(/^error: --watch: expected a file; found stdin/);
  });
});
