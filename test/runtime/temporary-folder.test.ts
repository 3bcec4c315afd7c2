/** Temporary folders that a process could not remove are removed by the next one, and no others. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { self } from '../../src/disk/owner.js';

// It removes them once: other test files of this worker have had it do so.
vi.resetModules();
const { removeStaleFolders } = await import('../../src/runtime/temporary-folder.js');

const { pid, start, place } = self();
const ended = spawnSync(process.execPath, ['--version']).pid;
const made: string[] = [];

function folder(of: string, isOld = false): string {
  const path = join(tmpdir(), `onnx-passes-${of}-test${String(made.length).padStart(2, '0')}`);
  mkdirSync(path);
  if (isOld) utimesSync(path, 0, 0);
  made.push(path);
  return path;
}

afterAll(() => {
  for (const path of made) rmSync(path, { recursive: true, force: true });
});

it('removes the folders of processes that have ended, here or long ago elsewhere', () => {
  const gone = [folder(`${ended}-1-${place}`), folder('1-1-00000000', true)];
  // Where the system shows when a process began.
  if (start !== '0') gone.push(folder(`${pid}-${start}1-${place}`));
  const kept = [folder(`${pid}-${start}-${place}`, true), folder('1-1-00000000'), folder('mine', true)];
  removeStaleFolders();
  expect(gone.filter(existsSync)).toEqual([]);
  expect(kept.filter(existsSync)).toEqual(kept);
});
