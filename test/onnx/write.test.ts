/** The writer's files: the same bytes every time, whole files or none, external data, little memory. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { buildModel } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import { numbersOf, tensorOf } from '../../src/ir/tensors/numbers.js';
import { CHUNK, derivedTensor, type Tensor } from '../../src/ir/tensors/tensor.js';
import { ModelError } from '../../src/ir/text/errors.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { recognizer } from '../models.js';
import { runModel } from '../run-model.js';
import { bundle, result, start } from './child.js';
import { temporaryFolder } from './malformed.js';

const folder = temporaryFolder();

/** A tensor of `count` float32 that takes no memory: chunks of 1, 2, 3 … */
const large = (count: number): Tensor =>
  derivedTensor('float32', [count], function* () {
    const chunk = new Float32Array(CHUNK / 4);
    for (let left = count, n = 1; left > 0; left -= chunk.length, n++) {
      const bytes = new Uint8Array(chunk.fill(n).buffer);
      yield left < chunk.length ? bytes.subarray(0, left * 4) : bytes;
    }
  });

/** y = x + a + b + 1, a and b in the data file where there is one. */
const sum = (a: Tensor = large(1000), b: Tensor = large(2000)): Model =>
  buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', [1]);
    const first = g.op('ReduceMax', [g.constant(a, 'a')], { keepdims: 0 });
    const second = g.op('ReduceMax', [g.constant(b, 'b')], { keepdims: 0 });
    const small = g.constant('float32', [1], [1], 'one');
    g.output('y', g.op('Add', [g.op('Add', [g.op('Add', [x, first]), second]), small]), 'float32', [1]);
  });

const bytesOf = ({ graph }: Model, name: string): Uint8Array =>
  [...graph.constants].find((one) => one.name === name)?.tensor?.bytes() as Uint8Array;

const feeds = { x: tensorOf('float32', [0.5]) };
const run = async (model: string | Uint8Array): Promise<number[]> => [
  ...numbersOf((await runModel(model, feeds)).y as Tensor),
];

/** An empty folder of its own for one test. */
function fresh(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

describe('bytes', () => {
  it('are the same every time, in memory and on disk', async () => {
    const path = join(fresh('same'), 'model.onnx');
    const model = await readModel(recognizer);
    const first = await writeModel(model);
    expect(Buffer.compare(await writeModel(model), first)).toBe(0);
    const written = await writeModel(model, path);
    expect(written).toEqual({ files: [path], bytes: first.length });
    expect(Buffer.compare(readFileSync(path), first)).toBe(0);
  });

  it('of weights longer than a write are in order, from files, memory and functions', async () => {
    const place = fresh('long');
    const path = join(place, 'model.onnx');
    const count = 400_001;
    const numbers = Float32Array.from({ length: count }, (_, i) => i);
    const model = sum(tensorOf('float32', numbers), large(count));
    const expected = await writeModel(model);
    await writeModel(model, path);
    expect(Buffer.compare(readFileSync(path), expected)).toBe(0);
    const read = await readModel(path);
    // A node more than in the file, so that weights are copied from it to other places.
    const [output] = read.graph.outputs as [(typeof read.graph.outputs)[number]];
    const twin = read.graph.add('Identity', [output.producer?.inputs[0] as typeof output]);
    read.graph.output('twin', twin.output);
    const copied = await writeModel(read);
    for (const externalData of [false, true]) {
      const { files } = await writeModel(read, join(place, `copy-${externalData}.onnx`), { externalData });
      if (!externalData) expect(Buffer.compare(readFileSync(files[0] as string), copied)).toBe(0);
      const again = await readModel(files[0] as string);
      for (const name of ['a', 'b']) expect(Buffer.compare(bytesOf(again, name), bytesOf(model, name))).toBe(0);
    }
  });
});

describe('a failure', () => {
  const failing = derivedTensor('float32', [CHUNK], function* () {
    yield new Uint8Array(CHUNK);
    throw new Error('no more numbers');
  });
  it.each([false, true])('leaves the old file and nothing else (external data: %s)', async (externalData) => {
    const inside = fresh(`failure-${externalData}`);
    const path = join(inside, 'model.onnx');
    writeFileSync(path, 'old');
    await expect(writeModel(sum(large(1000), failing), path, { externalData })).rejects.toThrow('no more numbers');
    expect(readdirSync(inside)).toEqual(['model.onnx']);
    expect(readFileSync(path, 'utf8')).toBe('old');
  });

  it('is told where a tensor gives fewer bytes than its type says', async () => {
    const inside = fresh('short');
    const short = derivedTensor('float32', [1000], () => [new Uint8Array(12)]);
    await expect(writeModel(sum(short), join(inside, 'model.onnx'))).rejects.toThrow(
      'write: a tensor gave 12 bytes; its type says 4000',
    );
    expect(readdirSync(inside)).toEqual([]);
  });

  it('of the path ends in one line', async () => {
    const inside = fresh('paths');
    writeFileSync(join(inside, 'file'), '');
    const absent = join(inside, 'absent', 'model.onnx');
    await expect(writeModel(sum(), absent)).rejects.toThrow(
      new ModelError(absent, 'a folder to write into', 'none', 'Make it first'),
    );
    await expect(writeModel(sum(), inside, { externalData: true })).rejects.toThrow(
      new ModelError(inside, 'a path for a file', 'a folder'),
    );
    const below = join(inside, 'file', 'model.onnx');
    await expect(writeModel(sum(), below)).rejects.toThrow(
      new ModelError(below, 'a folder to write into', 'a file on the way to it'),
    );
    expect(readdirSync(inside)).toEqual(['file']);
  });

  it('replaces files alone: a link and a pipe stay what they are', async () => {
    const inside = fresh('special');
    const target = join(inside, 'target.onnx');
    const link = join(inside, 'link.onnx');
    writeFileSync(target, 'kept');
    symlinkSync(target, link);
    await expect(writeModel(sum(), link)).rejects.toThrow(new ModelError(link, 'a path for a file', 'a link'));
    expect(readFileSync(target, 'utf8')).toBe('kept');
    const pipe = join(inside, 'pipe.onnx');
    execFileSync('mkfifo', [pipe]);
    await expect(writeModel(sum(), pipe)).rejects.toThrow(
      new ModelError(pipe, 'a path for a file', 'a device or a pipe'),
    );
  });

  it.each(['', 'old'])('of the process, killed while it writes, leaves the file as it was (%j)', async (old) => {
    const inside = fresh(`killed-${old}`);
    const path = join(inside, 'model.onnx');
    if (old) writeFileSync(path, old);
    const script = await bundle(
      inside,
      'slow',
      `const slow = derivedTensor('float32', [1 << 20], function* () {
        yield new Uint8Array(1 << 20);
        yield new Uint8Array(1 << 20);
        require('node:fs').writeSync(1, 'half\\n');
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      });
      writeModel(buildModel({ '': 17 }, (g) => g.output('y', g.constant(slow))), process.argv[2]);`,
    );
    const child = start(script, path);
    await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
    expect(readdirSync(inside).some((name) => name.endsWith('.tmp'))).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    if (old) expect(readFileSync(path, 'utf8')).toBe(old);
    else expect(existsSync(path)).toBe(false);
  });
});

describe('external data', () => {
  it('is one file beside the model, aligned to pages, and loads', async () => {
    const inside = fresh('external');
    const path = join(inside, 'model.onnx');
    const { files, bytes } = await writeModel(sum(), path, { externalData: true });
    const data = files[1] as string;
    const sha256 = createHash('sha256').update(readFileSync(data)).digest('hex');
    expect(files).toEqual([path, `${path}.${sha256.slice(0, 32)}.data`]);
    expect(readdirSync(inside).sort()).toEqual(['model.onnx', basename(data)]);
    expect(bytes).toBe(statSync(path).size + statSync(data).size);
    // a at 0, b at the next page; the small constant stays inside.
    expect(statSync(data).size).toBe(4096 + 8000);
    const text = readFileSync(path, 'latin1');
    for (const entry of [`location\x12\x30${basename(data)}`, 'offset\x12\x044096', 'length\x12\x048000'])
      expect(text).toContain(entry);
    expect(await run(path)).toEqual(await run(await writeModel(sum())));
  });

  it('reads back as the same model', async () => {
    const path = join(fresh('back'), 'model.onnx');
    const whole = await writeModel(sum());
    await writeModel(sum(), path, { externalData: true });
    expect(Buffer.compare(await writeModel(await readModel(path)), whole)).toBe(0);
  });

  it('can be written again over itself', async () => {
    const inside = fresh('again');
    const path = join(inside, 'model.onnx');
    const { files } = await writeModel(sum(), path, { externalData: true });
    const before = files.map((file) => readFileSync(file));
    const model = await readModel(path);
    for (let i = 0; i < 2; i++) {
      expect((await writeModel(model, path, { externalData: true })).files).toEqual(files);
      expect(files.map((file) => readFileSync(file))).toEqual(before);
    }
    await writeModel(model, path);
    expect(await run(path)).toEqual([1 + 1 + 1 + 0.5]);
    expect(readdirSync(inside)).toEqual(['model.onnx']);
  });

  it('is used without being asked for beyond 2 GiB', async () => {
    const inside = fresh('huge');
    const path = join(inside, 'model.onnx');
    const count = Math.ceil((1.1 * 2 ** 30) / 4 / 4096) * 4096;
    const { files } = await writeModel(sum(large(count), large(count)), path);
    const data = files[1] as string;
    expect(readdirSync(inside).sort()).toEqual(['model.onnx', basename(data)]);
    expect(statSync(path).size).toBeLessThan(2000);
    expect(statSync(data).size).toBe(2 * count * 4);
    const model = await readModel(path);
    expect([...model.graph.constants].map((value) => value.tensor?.byteLength)).toEqual([count * 4, count * 4, 4]);
    await expect(writeModel(model)).rejects.toThrow(/^model: expected at most 2 GiB in one message; found 23\d+ bytes/);
    rmSync(inside, { recursive: true });
  });
});

describe('memory', () => {
  it('does not grow with the weights', async () => {
    const inside = fresh('memory');
    const script = await bundle(
      inside,
      'memory',
      `const chunk = new Uint8Array(1 << 20);
      // What is no longer held goes at once: each version of V8 waits for another amount of it.
      const pieces = function* (mib) { for (let i = 0; i < mib; i++) { if (i % 8 === 0) gc(); yield chunk.slice(); } };
      const large = (mib) => derivedTensor('float32', [mib << 18], () => pieces(mib));
      const model = (mib) => buildModel({ '': 17 }, (g) => g.output('y', g.op('Concat', [1, 2, 3, 4].map(() => g.constant(large(mib))), { axis: 0 })));
      (async () => {
        const { peakBytes } = await import('${fileURLToPath(new URL('../../bench/peak.mjs', import.meta.url))}');
        const peak = () => peakBytes() / 2 ** 20;
        const path = process.argv[2];
        await writeModel(model(1), path);
        await writeModel(await readModel(path), path + '.copy');
        const start = peak();
        await writeModel(model(50), path);
        const derived = peak();
        const read = await readModel(path);
        const opened = peak();
        await writeModel(read, path + '.copy');
        const copied = peak();
        await writeModel(read, path + '.copy', { externalData: true });
        console.log(JSON.stringify({ derived: derived - start, read: opened - derived, copied: copied - opened, external: peak() - copied, size: require('node:fs').statSync(path).size }));
      })();`,
    );
    const grown = result<Record<string, number>>(script, join(inside, 'model.onnx'));
    expect(grown.size).toBeGreaterThan(200 * 2 ** 20);
    for (const step of ['derived', 'read', 'copied', 'external']) expect(grown[step], step).toBeLessThan(40);
    rmSync(inside, { recursive: true });
  });
});
