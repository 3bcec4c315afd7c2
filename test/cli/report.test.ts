import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyModel, Workplace } from './run-cli.js';

/** The report of a folder with one part. */
const folderWith = (report: unknown) => ({
  ...{ version: 1, input: 'in', folder: 'out', layout: 'diffusers', isWritten: true, ms: 1 },
  others: { files: 0, bytes: 0, changed: [] },
  parts: [
    { path: 'unet/model.onnx', name: 'unet', role: 'denoiser', state: 'done', reasons: [], inputBytes: 9, report },
  ],
});

let place: Workplace;
let printed: string;
beforeAll(async () => {
  place = new Workplace();
  await place.write(tinyModel());
  const words = ['model.onnx', '--passes', 'simplify,bf16', '--target', 'cpu', '--no-speed', '--report', 'a.json'];
  printed = (await place.run(words)).stdout;
  writeFileSync(place.path('folder.json'), JSON.stringify(folderWith(place.json('a.json'))));
  writeFileSync(place.path('text.json'), 'no JSON');
});
afterAll(() => place.remove());

describe('optimize report', () => {
  it('prints what the run printed', async () => {
    expect(await place.run(['report', 'a.json'])).toEqual({ status: 0, stdout: printed, stderr: '' });
  });

  it('writes the format of the ending, and takes a part of a folder', async () => {
    expect(await place.run(['report', 'folder.json', '--part', 'unet', '-o', 'r.md'])).toMatchObject({
      status: 0,
      stdout: '',
    });
    expect(readFileSync(place.path('r.md'), 'utf8')).toMatch(/^# model\.onnx\n/);
  });

  it('writes a page, of a folder as well, and says what came of an earlier report', async () => {
    await place.run(['report', 'a.json', '--earlier', 'a.json', '-o', 'r.html']);
    expect(readFileSync(place.path('r.html'), 'utf8')).toContain('What came of the earlier report');
    expect(await place.run(['report', 'folder.json', '-o', 'f.html'])).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(place.path('f.html'), 'utf8')).toMatch(/<h2 id="part-0-title">unet<\/h2>/);
  });

  it('adds to the summary of a workflow', async () => {
    const path = place.path('summary');
    for (const words of [
      ['report', 'a.json'],
      ['report', 'diff', 'a.json', 'a.json'],
    ])
      await place.run([...words, '--summary'], { GITHUB_STEP_SUMMARY: path });
    expect(readFileSync(path, 'utf8')).toMatch(/^# model\.onnx\n[\s\S]*\n# ✅ model\.onnx\n/);
  });

  it.each<[string[], string]>([
    [['text.json'], 'error: text.json: expected the JSON that --report out.json writes; found text that is no JSON\n'],
    [
      ['folder.json'],
      'error: folder.json: expected the report of one model; found that of a folder. Name a part: --part unet\n',
    ],
    [
      ['a.json', '-o', 'r.pdf'],
      'error: --out r.pdf: expected --format, as the ending tells none; found none. There are: text, json, md, html, csv, badge\n',
    ],
    [['a.json', '--table', 'nodes'], 'error: --table: expected --format csv; found text\n'],
    [
      ['a.json', '--summary'],
      'error: --summary: expected GITHUB_STEP_SUMMARY, which GitHub sets in a step of a workflow; found none. Elsewhere: --report out.md\n',
    ],
  ])('refuses %s', async (words, stderr) => {
    expect(await place.run(['report', ...words], { GITHUB_STEP_SUMMARY: '' })).toMatchObject({ status: 1, stderr });
  });
});

it('optimize report diff ends with 5 where a gate on the baseline fails', async () => {
  const larger = { ...(place.json('a.json') as { output: object }), output: { files: ['x'], bytes: 1e6 } };
  writeFileSync(place.path('b.json'), JSON.stringify(larger));
  const words = ['report', 'diff', 'a.json', 'b.json', '--not-less-exact'];
  expect((await place.run(words)).status).toBe(0);
  const { status, stdout } = await place.run([...words, '--not-larger', '--format', 'json']);
  expect([status, JSON.parse(stdout).gates.map(({ passed }: { passed: boolean }) => passed)]).toEqual([
    5,
    [false, true],
  ]);
});
