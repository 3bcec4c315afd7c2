import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cli, tinyModel, Workplace } from './run-cli.js';

let place: Workplace;
beforeAll(async () => {
  place = new Workplace();
  await place.write(tinyModel());
});
afterAll(() => place.remove());

/** Starts the command, acts on its process, and gives its end. */
function ended(words: readonly string[], act: (child: ChildProcessWithoutNullStreams) => void) {
  const child = spawn(process.execPath, [cli, ...words], { cwd: place.folder });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  act(child);
  return new Promise<{ code: number | null; stderr: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, stderr })),
  );
}

it('says nothing when its reader has enough', async () => {
  const found = await ended(['passes', '--json'], (child) => child.stdout.destroy());
  expect(found).toEqual({ code: 141, stderr: '' });
});

it('ends with 130 when it is interrupted', async () => {
  const { code, stderr } = await ended(['model.onnx', '--passes', 'simplify'], (child) =>
    child.stderr.once('data', () => child.kill('SIGINT')),
  );
  expect(code).toBe(130);
  expect(stderr).not.toContain('error');
  expect(place.files).toEqual(['model.onnx']);
});
