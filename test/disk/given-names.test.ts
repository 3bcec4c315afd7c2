/** Data files whose names are given: none takes the place of another model's data, and parts that are too many go. */
import { cpSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { takeTurn } from '../../src/disk/turn.js';
import { buildModel } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import { ModelError } from '../../src/ir/text/errors.js';
import { UsageError } from '../../src/ir/text/usage-error.js';
import { optimizeFile } from '../../src/job/optimize-file.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { temporaryFolder } from '../onnx/malformed.js';
import { contents, empty, model, numberAt } from './sets.js';

const folder = temporaryFolder();
const dataName = 'w.data';

/** y = (x + v) · (v + 1) + v + 2, each weight 400 times: three parts at 2 kB a part. */
const parts = (number: number): Model =>
  buildModel({ '': 17 }, (g) => {
    let y = g.input('x', 'float32', [400]);
    for (const [i, type] of (['Add', 'Mul', 'Add'] as const).entries())
      y = g.op(type, [y, g.constant('float32', new Array(400).fill(number + i), [400], `w${i}`)]);
    g.output('y', y, 'float32', [400]);
  });
const shard = 2000;

describe("another model's data", () => {
  const refused = async (work: Promise<unknown>, data: string, reader: string): Promise<void> => {
    const error = await work.then(
      () => undefined,
      (thrown) => thrown,
    );
    expect(error).toBeInstanceOf(ModelError);
    expect(error.message).toBe(
      `${data}: expected a data file that no other model reads; found that of ${reader}. Use another --data-name, or another folder for --out`,
    );
  };

  it('stays: the write is refused, and nothing has changed', async () => {
    const place = empty(join(folder, 'shared'));
    const [a, b] = [join(place, 'a.onnx'), join(place, 'b.onnx')];
    await writeModel(model(1), a, { dataName });
    await writeModel(model(2), b);
    const before = contents(place);
    await refused(writeModel(model(3), b, { dataName }), join(place, dataName), a);
    expect(contents(place)).toEqual(before);
    // One's own is replaced.
    await writeModel(model(4), a, { dataName });
    expect(await numberAt(a)).toBe(4);
  });

  it('is any of its parts, under any name of the model', async () => {
    const place = empty(join(folder, 'parts'));
    const other = join(place, 'a.before');
    await writeModel(parts(1), join(place, 'a.onnx'), { dataName, shard });
    cpSync(join(place, 'a.onnx'), other);
    const before = contents(place);
    await refused(
      writeModel(model(2), join(place, 'a.onnx'), { dataName: 'w.data_2' }),
      join(place, 'w.data_2'),
      other,
    );
    expect(contents(place)).toEqual(before);
  });

  it('is not data whose name only ends or begins alike, or that a file of text names', async () => {
    const place = empty(join(folder, 'alike'));
    await writeModel(model(1), join(place, 'decoder.onnx'), { dataName: 'decoder_w.data' });
    await writeModel(model(2), join(place, 'other.onnx'), { dataName: 'w.data_of_other' });
    writeFileSync(join(place, 'README.md'), 'w.data');
    await writeModel(model(3), join(place, 'a.onnx'), { dataName });
    expect(await Promise.all(['decoder', 'other', 'a'].map((name) => numberAt(join(place, `${name}.onnx`))))).toEqual([
      1, 2, 3,
    ]);
  });
});

it('another model is no data file: its name is refused', async () => {
  const place = empty(join(folder, 'model'));
  await writeModel(model(1), join(place, 'a.onnx'));
  await expect(writeModel(model(2), join(place, 'b.onnx'), { dataName: 'a.onnx' })).rejects.toThrow(
    /a\.onnx: expected a data file, or a name that is free; found a model, which it would replace/,
  );
  expect([await numberAt(join(place, 'a.onnx')), existsSync(join(place, 'b.onnx'))]).toEqual([1, false]);
});

it('of two writers of one name for their data the second waits, and is refused', async () => {
  const place = empty(join(folder, 'race'));
  const [a, b] = [join(place, 'a.onnx'), join(place, 'b.onnx')];
  // Another process that is about to put a.onnx and its data into their places.
  const turn = await takeTurn(join(place, dataName));
  const second = writeModel(model(2), b, { dataName });
  const ended = second.catch((error: unknown) => error);
  // The second writer takes the turn of its own model first; then it waits for that of the data.
  const turnsIn = (): number => readdirSync(place).filter((name) => name.endsWith('.turn')).length;
  while (turnsIn() < 2) await setTimeout(1);
  expect(existsSync(b)).toBe(false);
  const elsewhere = empty(join(folder, 'elsewhere'));
  await writeModel(model(1), join(elsewhere, 'a.onnx'), { dataName });
  cpSync(elsewhere, place, { recursive: true });
  turn.end();
  expect(await ended).toMatchObject({
    message: expect.stringMatching('expected a data file that no other model reads'),
  });
  expect([await numberAt(a), existsSync(b)]).toEqual([1, false]);
});

it('the name of the model itself is refused for its data, of any part of it', async () => {
  const place = empty(join(folder, 'own name'));
  for (const [name, own] of [
    ['w.data', 'w.data'],
    ['w.data_1', 'w.data'],
  ] as const)
    await expect(writeModel(parts(1), join(place, name), { dataName: own, shard })).rejects.toThrow(
      `dataName (--data-name): expected another name than the model's; found "w.data", which makes "${name}"`,
    );
  expect(readdirSync(place)).toEqual([]);
});

describe('two writers at a time', () => {
  it('whose model has the name of the data of the other do not wait for each other', async () => {
    const place = empty(join(folder, 'crossed'));
    const write = (name: string, own: string) => writeModel(model(1), join(place, name), { dataName: own });
    const done = await Promise.allSettled([write('a', 'b'), write('b', 'a')]);
    expect(done.filter(({ status }) => status === 'rejected')).toEqual([
      {
        status: 'rejected',
        reason: expect.objectContaining({ message: expect.stringMatching('a data file, or a name that is free') }),
      },
    ]);
    expect(readdirSync(place).sort()).toEqual(['a', 'b']);
  });

  it('to one path both write: what the other has not finished reads nothing', async () => {
    const place = empty(join(folder, 'one path'));
    const path = join(place, 'a.onnx');
    await Promise.all([1, 2].map((number) => writeModel(model(number), path, { dataName })));
    expect([1, 2]).toContain(await numberAt(path));
    expect(readdirSync(place).sort()).toEqual(['a.onnx', dataName]);
  });

  it('to two paths with one name of data: the second is refused', async () => {
    const place = empty(join(folder, 'two paths'));
    const paths = ['a.onnx', 'b.onnx'].map((name) => join(place, name));
    const done = await Promise.allSettled(paths.map((path, i) => writeModel(model(i), path, { dataName })));
    const first = done.findIndex(({ status }) => status === 'fulfilled');
    expect(readdirSync(place).sort()).toEqual([basename(paths[first] as string), dataName]);
    expect(await numberAt(paths[first] as string)).toBe(first);
    expect(done[1 - first]).toMatchObject({ status: 'rejected', reason: expect.any(ModelError) });
  });
});

describe('the parts of the input', () => {
  const run = (place: string, out: string, force: boolean) =>
    optimizeFile(join(place, 'a.onnx'), 'simplify', {
      ...{ out: join(place, out), dataName: 'v.data', shard, force },
      ...({ validate: false, verify: 'none', target: 'cpu' } as const),
    });

  it('are not overwritten without force, whichever it is', async () => {
    const place = empty(join(folder, 'input'));
    await writeModel(parts(1), join(place, 'a.onnx'), { dataName: 'v.data_1' });
    const before = contents(place);
    const error = await run(place, 'b.onnx', false).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toBe(
      `${join(place, 'v.data_1')}: expected another path than the input's. Use --force to overwrite the input`,
    );
    expect(contents(place)).toEqual(before);
    // With force the input still needs them.
    await expect(run(place, 'b.onnx', true)).rejects.toThrow(/expected a data file that no other model reads/);
    expect(contents(place)).toEqual(before);
    // Replaced together with the input they may be.
    await run(place, 'a.onnx', true);
    const { graph } = await readModel(join(place, 'a.onnx'));
    expect([...graph.constants].length).toBeGreaterThan(0);
  });
});

describe('parts that are too many', () => {
  it('go with the model that read them, and only they', async () => {
    const place = empty(join(folder, 'many'));
    const path = join(place, 'a.onnx');
    const { files } = await writeModel(parts(1), path, { dataName, shard });
    expect(files.map((file) => basename(file))).toEqual(['a.onnx', dataName, 'w.data_1', 'w.data_2']);
    for (const foreign of ['w.data_7', 'w.data_old']) writeFileSync(join(place, foreign), "somebody's");
    await writeModel(model(2), path, { dataName });
    expect(readdirSync(place).sort()).toEqual(['a.onnx', dataName, 'w.data_7', 'w.data_old']);
    expect(await numberAt(path)).toBe(2);
  });

  it('stay where another model reads them', async () => {
    const place = empty(join(folder, 'read'));
    await writeModel(parts(1), join(place, 'a.onnx'), { dataName, shard });
    await writeModel(model(2), join(folder, 'b.onnx'), { dataName: 'w.data_2' });
    cpSync(join(folder, 'b.onnx'), join(place, 'b.onnx'));
    await writeModel(model(3), join(place, 'a.onnx'), { dataName });
    expect(existsSync(join(place, 'w.data_1'))).toBe(false);
    expect(existsSync(join(place, 'w.data_2'))).toBe(true);
  });
});
