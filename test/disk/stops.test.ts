/** A write that stops at any call of the file system: killed there, or refused. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ModelError } from '../../src/ir/text/errors.js';
import { readModel } from '../../src/onnx/read.js';
import { temporaryFolder } from '../onnx/malformed.js';
import { watching } from './calls.js';
import { contents, empty, model, numberAt, sha256, write } from './sets.js';

const folder = temporaryFolder();
const place = join(folder, 'place');
const path = join(place, 'model.onnx');

interface Case {
  readonly name: string;
  /** What stands there before. */
  readonly old: Parameters<typeof write>[2];
  readonly options: Parameters<typeof write>[2];
  /** The model is read from where it is written to. */
  readonly isInPlace?: boolean;
}

const externalData = true;
const contract = true;
const cases: readonly Case[] = [
  { name: 'one file over another', old: {}, options: {} },
  { name: 'external data over other data', old: { externalData }, options: { externalData } },
  { name: 'one file in place of itself with data', old: { externalData }, options: {}, isInPlace: true },
  { name: 'data and a contract over both', old: { externalData, contract }, options: { externalData, contract } },
];

const isOwnContract = (): boolean => readFileSync(path.replace(/onnx$/, 'json'), 'utf8') === sha256(path);

describe.each(cases)('$name', ({ name, old, options, isInPlace }) => {
  const before = join(folder, name);
  const [was, will] = isInPlace ? [1, 1] : [1, 2];

  /** A write that `stop` may end at a call. */
  async function stopped(stop?: (call: number, name: string) => void) {
    empty(place);
    cpSync(before, place, { recursive: true });
    const source = isInPlace ? await readModel(path) : model(2);
    const job = () => write(source, path, options);
    const ended = await watching(job, stop);
    expect([was, will]).toContain(await numberAt(path));
    return { ...ended, found: contents(place), again: async () => (await watching(job)).error };
  }

  /** What a whole write makes of what was there. */
  async function whole() {
    empty(before);
    writeFileSync(join(before, 'model.onnx.data'), "somebody's");
    await write(model(1), join(before, 'model.onnx'), old);
    const { calls, found } = await stopped();
    expect(Object.keys(found).filter((file) => file.startsWith('.'))).toEqual([]);
    return { calls, first: contents(before), last: found };
  }

  it('is the old set or the new one wherever it is killed, and the next write leaves nothing over', async () => {
    const { calls, first, last } = await whole();
    let others = 0;
    for (let at = 1; at <= calls; at++) {
      const { found, again } = await stopped((call) => {
        if (call >= at) throw new Error('killed');
      });
      const isNew = found['model.onnx'] === last['model.onnx'];
      if (!isNew) expect(found).toMatchObject(first);
      if (options?.contract && !isOwnContract()) others++;
      if (isDeepStrictEqual(found, first) || isDeepStrictEqual(found, last)) continue;
      expect(await again()).toBeUndefined();
      expect(contents(place)).toEqual(last);
    }
    // The model has its name and the contract not yet: that the contract is another's shows in it.
    expect(others).toBe(options?.contract ? 1 : 0);
  });

  if (isInPlace) return;
  it('is refused in one line wherever the system refuses, and leaves nothing', async () => {
    const codes: Readonly<Record<string, string>> = { write: 'ENOSPC', openSync: 'EACCES', renameSync: 'EPERM' };
    const { calls, first, last } = await whole();
    for (let at = 1; at <= calls; at++) {
      let refused = '';
      const { error, found, again } = await stopped((call, called) => {
        if (call !== at) return;
        refused = called;
        throw Object.assign(new Error(called), { code: codes[called] ?? 'EIO' });
      });
      if (error) expect(error, `${refused}: ${error.stack}`).toBeInstanceOf(ModelError);
      if (error && !error.message.includes('was written')) expect(found, refused).toEqual(first);
      // What cannot be listed or removed now is removed by the next write.
      if (!error) expect(found, refused).toMatchObject(last);
      if (Object.keys(found).length > Object.keys(error ? first : last).length) {
        expect(await again()).toBeUndefined();
        expect(contents(place)).toEqual(last);
      }
    }
  });
});
