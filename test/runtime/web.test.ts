import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildModel } from '../../src/ir/build.js';
import { writeModel } from '../../src/onnx/write.js';
import { RuntimeProcess, type TensorData } from '../../src/runtime/isolate.js';
import { probeProvider } from '../../src/runtime/providers.js';
import { browserPath, runtimeFolder } from '../../src/runtime/web/find.js';
import { packed, unpacked } from '../../src/runtime/web/packed.js';
import { readPlacement } from '../../src/validate/placement.js';
import { hasBrowser } from './browser.js';

const floats = (values: number[], shape = [values.length]): TensorData => ({
  type: 'float32',
  shape,
  data: new Uint8Array(Float32Array.from(values).buffer),
});
const numbers = ({ data }: TensorData): number[] => [...new Float32Array((data as Uint8Array).slice().buffer)];

describe('tensors on their way to a page', () => {
  it('arrive as they are, numbers aligned', () => {
    const tensors: Record<string, TensorData> = {
      bytes: { type: 'uint8', shape: [3], data: Uint8Array.of(1, 2, 3) },
      text: { type: 'string', shape: [2], data: ['ä', ''] },
      doubles: { type: 'float64', shape: [1], data: new Uint8Array(Float64Array.of(Math.PI).buffer) },
      none: { type: 'int64', shape: [0], data: new Uint8Array() },
    };
    const found = unpacked(packed(tensors));
    expect(found).toEqual(tensors);
    const { data } = found.doubles as TensorData;
    expect((data as Uint8Array).byteOffset % 8).toBe(0);
  });
});

describe('what a browser needs', () => {
  it('is looked for where it may be, and its lack is told with a remedy', () => {
    expect(() => browserPath({ PATH: '' }, 'linux')).toThrow(/expected Chrome, Chromium or Edge; .* CHROME_PATH/);
    expect(() => browserPath({ CHROME_PATH: '/nowhere/chrome' })).toThrow(/CHROME_PATH=\/nowhere\/chrome: expected/);
    expect(browserPath({ CHROME_PATH: process.execPath })).toBe(process.execPath);
  });

  it('is named by the probe where it does not start', async () => {
    const probe = await probeProvider('web', { CHROME_PATH: '/bin/false' });
    expect(probe).toMatchObject({ provider: 'web', works: false, places: false });
    // Without onnxruntime-web, that is what is missing first.
    expect(probe.reason).toMatch(hasBrowser ? /the browser ended: exit code 1/ : /npm install onnxruntime-web|ended/);
  });
});

/** Killed processes take a moment to be gone: seconds, where many others run. */
const POLL = { timeout: 30_000 };

/** Processes of a group, by a word of their command. */
function processesOf(group: number, word: string): number[] {
  const found: number[] = [];
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const [, , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (Number(pgrp) === group && readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes(word))
        found.push(Number(entry));
    } catch {
      // It has ended in the meantime.
    }
  }
  return found;
}

const relu = buildModel({ '': 17 }, (g) => g.output('y', g.op('Relu', [g.input('x', 'float32', ['n'])])));

/** A process that began in a folder, and loaded a model from it, which was removed then. */
async function startInGoneFolder(): Promise<RuntimeProcess> {
  const [gone, place] = [mkdtempSync(join(tmpdir(), 'web-test-gone-')), process.cwd()];
  process.chdir(gone);
  try {
    writeFileSync('model.onnx', await writeModel(relu));
    const runtime = await RuntimeProcess.start({ env: {} });
    await runtime.load('model.onnx', { provider: 'cpu' });
    return runtime;
  } finally {
    process.chdir(place);
    rmSync(gone, { recursive: true });
  }
}

/** Runs for hours. */
const endless = buildModel({ '': 17 }, (g) => {
  const x = g.input('x', 'float32', ['n']);
  const body = g.body('body', (b) => {
    b.input('i', 'int64', []);
    b.input('go', 'bool', []);
    const carried = b.input('carried', 'float32', ['n']);
    b.output('go_on', b.constant('bool', 1), 'bool', []);
    b.output('next', b.op('Sin', [carried]), 'float32', ['n']);
  });
  g.output('y', g.op('Loop', [g.constant('int64', 2 ** 52), g.constant('bool', 1), x], { body }), 'float32', ['n']);
});

describe.runIf(hasBrowser)('onnxruntime-web in a browser', () => {
  let runtime: RuntimeProcess;
  const folder = mkdtempSync(join(tmpdir(), 'web-test-'));
  beforeAll(async () => {
    runtime = await RuntimeProcess.start();
  });
  afterAll(async () => {
    await runtime.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('finds what it needs', () => {
    expect(browserPath()).not.toBe('');
    expect(runtimeFolder()).toMatch(/onnxruntime-web/);
  });

  it('tells its adapter; shaders of 16 bits are asked for', async () => {
    const { name, isSoftware, hasFloat16 } = await runtime.adapter();
    expect(name).not.toBe('');
    expect([typeof isSoftware, typeof hasFloat16]).toEqual(['boolean', 'boolean']);
  });

  it('tells inputs and outputs, runs, times, and tells which provider ran which node', async () => {
    const model = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', ['n', 2]);
      const product = g.op('MatMul', [x, g.constant('float32', [1, 2, 3, 4], [2, 2])]);
      g.output('y', product, 'float32', ['n', 2]);
      const square = g.op('MatMul', [g.op('Transpose', [product], { perm: [1, 0] }), product]);
      g.output('nan', g.op('IsNaN', [product]), 'bool', ['n', 2]);
      g.output('d', g.op('Det', [square]), 'float32', []);
      g.output('text', g.op('Identity', [g.input('word', 'string', [])]), 'string', []);
    });
    const session = await runtime.load(await writeModel(model), { provider: 'web', profile: true });
    expect(session.inputs).toEqual([
      { name: 'x', type: 'float32', shape: ['n', 2] },
      { name: 'word', type: 'string', shape: [] },
    ]);
    expect(session.createMs).toBeGreaterThan(0);
    const feeds = {
      x: floats([1, 0, Number.NaN, 1], [2, 2]),
      word: { type: 'string', shape: [], data: ['ä'] },
    } as const;
    const { outputs, ms } = await session.run(feeds);
    expect(numbers(outputs.y as TensorData)).toEqual([1, 2, Number.NaN, Number.NaN]);
    expect([...((outputs.nan as TensorData).data as Uint8Array)]).toEqual([0, 0, 1, 1]);
    expect(outputs.text).toEqual({ type: 'string', shape: [], data: ['ä'] });
    expect(ms).toBeGreaterThan(0);
    expect((await session.time(feeds, 3)).ms).toHaveLength(3);
    expect(readPlacement('web', await session.profile()).fallbacks).toEqual({ Det: 1, Identity: 1, IsNaN: 1 });
    await session.release();
    await expect(session.run(feeds)).rejects.toMatchObject({ kind: 'error', message: /released/ });
  });

  it('reads weights beside the model', async () => {
    const path = join(folder, 'model.onnx');
    const weights = Array.from({ length: 64 * 64 }, (_, i) => Math.sin(i));
    const model = buildModel({ '': 17 }, (g) =>
      g.output('y', g.op('MatMul', [g.input('x', 'float32', [1, 64]), g.constant('float32', weights, [64, 64])])),
    );
    await writeModel(model, path, { externalData: true });
    const x = floats(
      Array.from({ length: 64 }, (_, i) => Math.cos(i)),
      [1, 64],
    );
    const of = async (provider: 'cpu' | 'web') =>
      numbers((await (await runtime.load(path, { provider })).run({ x })).outputs.y as TensorData);
    const [expected, found] = [await of('cpu'), await of('web')];
    // Sums of 64 products in float32, in another order.
    found.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 4);
    });
  });

  it('says what it refuses', async () => {
    await expect(runtime.load(Uint8Array.of(1, 2, 3), { provider: 'web' })).rejects.toMatchObject({ kind: 'error' });
    writeFileSync(join(folder, 'text.onnx'), 'no model');
    await expect(runtime.load(join(folder, 'text.onnx'), { provider: 'web' })).rejects.toThrow();
    const det = buildModel({ '': 17 }, (g) => g.output('y', g.op('Det', [g.input('x', 'float32', [2, 2])])));
    const load = runtime.load(await writeModel(det), { provider: 'web', noFallback: true });
    await expect(load).rejects.toMatchObject({ kind: 'error', message: /CPU EP/i });
  });

  it('begins in a folder that is gone, ends with its page or where it takes too long; another begins, and nothing is left', async () => {
    const own = await startInGoneFolder();
    const isSeen = process.platform === 'linux';
    let session = await own.load(await writeModel(relu), { provider: 'web' });
    if (isSeen) {
      for (const page of processesOf(own.pid!, '--type=renderer')) process.kill(page, 'SIGKILL');
      await expect(session.run({ x: floats([1]) })).rejects.toMatchObject({ kind: 'crash' });
    }
    session = await own.load(await writeModel(relu), { provider: 'web' });
    expect(numbers((await session.run({ x: floats([-1, 2]) })).outputs.y as TensorData)).toEqual([0, 2]);
    const { pid } = own;
    session = await own.load(await writeModel(endless), { provider: 'web' });
    own.limits = { seconds: 1, tooLong: 'ended', bytes: Number.POSITIVE_INFINITY, tooLarge: '' };
    await expect(session.run({ x: floats([1]) })).rejects.toMatchObject({ kind: 'timeout' });
    await own.close();
    if (isSeen) await expect.poll(() => processesOf(pid!, 'chrom'), POLL).toEqual([]);
  });
});
