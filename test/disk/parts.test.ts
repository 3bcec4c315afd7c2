/** A set of several models: parts that one file names, and a model that goes along. It is killed before each rename, or refused. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeSet } from '../../src/disk/write-set.js';
import { ModelError } from '../../src/ir/text/errors.js';
import { mentions } from '../../src/onnx/checks/mentions.js';
import { modelFile } from '../../src/onnx/write.js';
import { temporaryFolder } from '../onnx/malformed.js';
import { watching } from './calls.js';
import { contents, empty, model, numberAt } from './sets.js';

const place = join(temporaryFolder(), 'place');
const contract = join(place, 'chain.json');
const partOf = (part: number): string => join(place, `part.${part}.onnx`);
const along = join(place, 'along.onnx');

/** A chain of parts that add `number`, with external data; over a chain of three parts. */
const write = (number: number, count: number) => {
  const fileOf = (path: string) => modelFile(model(number), path, { externalData: true });
  return writeSet({
    path: contract,
    content: () => [Buffer.from(JSON.stringify({ number, count }))],
    parts: Array.from({ length: count }, (_, part) => fileOf(partOf(part))),
    along: [fileOf(along)],
    obsolete: Array.from({ length: 3 - count }, (_, i) => partOf(count + i)),
    mentions,
  });
};

describe('a chain of two over one of three', () => {
  /** Writes it; `stop` may end that at a rename, by its number. Whatever a contract names is there, whole. */
  async function stopped(stop: (rename: number) => void) {
    empty(place);
    await write(1, 3);
    let renames = 0;
    const { error } = await watching(
      () => write(2, 2),
      (_, name) => name === 'renameSync' && stop(++renames),
    );
    if (existsSync(contract)) {
      const { number, count } = JSON.parse(readFileSync(contract, 'utf8')) as { number: number; count: number };
      for (let part = 0; part < count; part++) expect(await numberAt(partOf(part))).toBe(number);
    }
    expect([1, 2]).toContain(await numberAt(along));
    return { error, renames, found: contents(place) };
  }

  it('leaves no contract beside parts of another chain, and no part or data of the old chain', async () => {
    const { renames, found } = await stopped(() => {});
    // Two parts, the contract and what goes along, and the data of three.
    expect([renames, Object.keys(found).length]).toEqual([7, 7]);
    for (let at = 1; at <= renames; at++) {
      const { error } = await stopped((rename) => {
        if (rename >= at) throw Object.assign(new Error('refused'), { code: 'EPERM' });
      });
      expect(error).toBeInstanceOf(ModelError);
      await write(2, 2);
      expect(contents(place)).toEqual(found);
    }
  });
});
