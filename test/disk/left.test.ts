/** A write removes its own leftovers, and leaves other files alone. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { digestOf, self } from '../../src/disk/owner.js';
import { ModelError } from '../../src/ir/text/errors.js';
import { writeModel } from '../../src/onnx/write.js';
import { temporaryFolder } from '../onnx/malformed.js';
import { watching } from './calls.js';
import { contents, empty, model, numberAt, write } from './sets.js';

const folder = temporaryFolder();
const externalData = true;

/** A temporary file of a process. */
function temporaryOf(place: string, owner: Partial<ReturnType<typeof self>>, kind = 'tmp'): string {
  const { pid, start, place: where, instance } = { ...self(), instance: 'f'.repeat(16), ...owner };
  const stem = `.onnx-passes-${pid}-${start}-${where}-${instance}-${'0'.repeat(16)}-${digestOf('model.onnx')}`;
  const name = `${stem}-${digestOf(stem)}.${kind}`;
  writeFileSync(join(place, name), 'half');
  return name;
}

it('temporary files go with their process, and with no other', async () => {
  const place = empty(join(folder, 'temporary'));
  const { pid: ended } = spawnSync(process.execPath, ['--version']);
  const sleeper = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  const start = readFileSync(`/proc/${sleeper.pid}/stat`, 'utf8').replace(/.*\) /, '').split(' ')[19];
  const kept = [
    temporaryOf(place, { pid: sleeper.pid, start }),
    // Of this process, by another copy of the library.
    temporaryOf(place, {}),
    // Another machine's, or another container's.
    temporaryOf(place, { place: '00000000' }),
  ];
  const old = temporaryOf(place, { place: '11111111' });
  utimesSync(join(place, old), new Date(0), new Date(0));
  const gone = [
    old,
    temporaryOf(place, { pid: ended as number }),
    // The id is another process's now.
    temporaryOf(place, { pid: sleeper.pid, start: '1' }),
    temporaryOf(place, { pid: ended as number, start: '2' }, 'turn'),
  ];
  // One digit off: of no make of ours.
  const foreign = (gone[1] as string).replace(/.\.tmp$/, (end) => (end.startsWith('0') ? '1.tmp' : '0.tmp'));
  writeFileSync(join(place, foreign), "somebody's");
  // A folder of such a name.
  mkdirSync(join(place, temporaryOf(folder, { pid: ended as number, start: '3' })));
  const made = readdirSync(place).length;
  await writeModel(model(1), join(place, 'model.onnx'));
  for (const name of [...kept, foreign]) expect(existsSync(join(place, name)), name).toBe(true);
  for (const name of gone) expect(existsSync(join(place, name)), name).toBe(false);
  expect(readdirSync(place)).toHaveLength(made - gone.length + 1);
  sleeper.kill();
  await once(sleeper, 'exit');
});

it('whoever waits for a turn can be stopped, and leaves nothing', async () => {
  const place = empty(join(folder, 'waiting'));
  const other = temporaryOf(place, {}, 'turn');
  const controller = new AbortController();
  const reason = new Error('enough');
  const writing = writeModel(model(1), join(place, 'model.onnx'), { signal: controller.signal });
  setTimeout(() => controller.abort(reason), 100);
  await expect(writing).rejects.toBe(reason);
  expect(readdirSync(place)).toEqual([other]);
});

it('data goes where nobody reads it, and where it is ours', async () => {
  const place = empty(join(folder, 'data'));
  const path = join(place, 'model.onnx');
  const first = await writeModel(model(1), path, { externalData });
  // A copy of the model, under a name that says nothing.
  cpSync(path, join(place, 'model.before'));
  const plain = `${path}.data`;
  const foreign = `${path}.${'0'.repeat(32)}.data`;
  for (const one of [plain, foreign]) writeFileSync(one, "somebody's");
  const second = await writeModel(model(2), path, { externalData });
  expect(await numberAt(join(place, 'model.before'))).toBe(1);
  await writeModel(model(3), join(place, 'other.onnx'), { externalData });
  const third = await writeModel(model(3), path);
  const [firstData, secondData] = [first.files[1] as string, second.files[1] as string];
  expect(third.files).toEqual([path]);
  expect(existsSync(secondData)).toBe(false);
  for (const one of [firstData, plain, foreign]) expect(existsSync(one), one).toBe(true);
  expect(await numberAt(join(place, 'other.onnx'))).toBe(3);
  // Nobody reads it any more, and its content says that it was written here.
  renameSync(join(place, 'model.before'), join(folder, 'elsewhere'));
  await writeModel(model(3), path);
  expect(existsSync(firstData)).toBe(false);
  expect(existsSync(foreign)).toBe(true);
});

it('what may be done with a file stays, and nobody reads one that is being written', async () => {
  const place = empty(join(folder, 'modes'));
  const path = join(place, 'model.onnx');
  const modeOf = (file: string): number => statSync(file).mode & 0o777;
  const { files } = await write(model(1), path, { externalData, contract: true });
  writeFileSync(join(place, 'plain'), '');
  for (const file of files) expect(modeOf(file)).toBe(modeOf(join(place, 'plain')));
  chmodSync(path, 0o640);
  chmodSync(join(place, 'model.json'), 0o604);
  const modes = new Set<number>();
  const { error } = await watching(
    () => write(model(2), path, { externalData, contract: true }),
    (_, name) => {
      if (name === 'writeSync')
        for (const one of readdirSync(place)) if (one.endsWith('.tmp')) modes.add(modeOf(join(place, one)));
    },
  );
  expect(error).toBeUndefined();
  expect([...modes]).toEqual([0o600]);
  expect(
    Object.fromEntries(readdirSync(place).map((name) => [name.length > 20 ? 'data' : name, modeOf(join(place, name))])),
  ).toEqual({
    data: 0o640,
    'model.json': 0o604,
    'model.onnx': 0o640,
    plain: modeOf(join(place, 'plain')),
  });
});

it('a name that is too long for its data is refused before anything is written', async () => {
  const place = empty(join(folder, 'long'));
  const path = join(place, `${'n'.repeat(240)}.onnx`);
  expect((await writeModel(model(1), path)).files.map((file) => basename(file))).toEqual([basename(path)]);
  const before = contents(place);
  const { calls, error } = await watching(() => writeModel(model(2), path, { externalData }));
  expect(error).toBeInstanceOf(ModelError);
  expect(error?.message).toMatch(/: expected a shorter name; found one that the file system does not take$/);
  expect(calls).toBe(1);
  expect(contents(place)).toEqual(before);
});
