import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LeftoverEvent, overseenBy, started, temporary, undivided, written } from '../src/leftovers.js';
import { endChildren } from '../src/runtime/child-process.js';
import { RuntimeProcess } from '../src/runtime/isolate.js';
import { temporaryFolder } from '../src/runtime/temporary-folder.js';

const events: (LeftoverEvent | 'enter' | 'leave')[] = [];
overseenBy({
  enter: () => events.push('enter'),
  leave: () => events.push('leave'),
  tell: (event) => events.push(event),
});
// Other test files of this worker have children as well, and make what this one need not hear of.
beforeAll(endChildren);
afterAll(async () => {
  await endChildren();
  overseenBy({ enter() {}, leave() {}, tell() {} });
});

/** What is told while work is done. */
function toldOf(work: () => void): typeof events {
  events.length = 0;
  work();
  return [...events];
}

it('tells of what is made, in steps that nothing divides, and of what goes and stays', () => {
  const folders: ReturnType<typeof temporaryFolder>[] = [];
  const made = toldOf(() => folders.push(temporaryFolder()));
  const [{ path, remove }] = folders as [ReturnType<typeof temporaryFolder>];
  expect(path.startsWith(tmpdir())).toBe(true);
  expect(made).toEqual(['enter', { kind: 'temporary', path }, 'leave']);
  expect(toldOf(remove)).toEqual([{ kind: 'gone', path }]);
  expect(existsSync(path)).toBe(false);
  expect(toldOf(remove)).toEqual([]);

  const renamed = toldOf(() => {
    const gone = temporary('a.tmp', () => {});
    undivided(() => undivided(() => written('a')));
    gone();
  });
  expect(renamed).toEqual([
    { kind: 'temporary', path: 'a.tmp' },
    'enter',
    { kind: 'written', path: 'a' },
    'leave',
    { kind: 'gone', path: 'a.tmp' },
  ]);
  expect(toldOf(() => started(7, () => {})())).toEqual([
    { kind: 'started', pid: 7 },
    { kind: 'ended', pid: 7 },
  ]);
});

it('tells of child processes, and ends all', async () => {
  events.length = 0;
  const { pid } = await RuntimeProcess.start();
  expect(events).toEqual(['enter', { kind: 'started', pid }, 'leave']);
  await endChildren();
  expect(events.at(-1)).toEqual({ kind: 'ended', pid });
  expect(() => process.kill(pid as number, 0)).toThrow();
});
