import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildModel } from '../../src/ir/build.js';
import { memoryTensor, type Tensor } from '../../src/ir/tensors/tensor.js';
import { writeModel } from '../../src/onnx/write.js';
import { closeRuntime, evaluateModel } from '../../src/runtime/evaluate.js';
import { RuntimeProcess, type TensorData } from '../../src/runtime/isolate.js';

const floats = (values: number[], shape = [values.length]): TensorData => ({
  type: 'float32',
  shape,
  data: new Uint8Array(Float32Array.from(values).buffer),
});
const numbers = ({ data }: TensorData): number[] => [...new Float32Array((data as Uint8Array).slice().buffer)];

const relu = await writeModel(
  buildModel({ '': 17 }, (g) => g.output('y', g.op('Relu', [g.input('x', 'float32', ['n'])]), 'float32', ['n'])),
);

/** Runs for hours. */
const endless = await writeModel(
  buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', ['n']);
    const body = g.body('body', (b) => {
      b.input('i', 'int64', []);
      b.input('go', 'bool', []);
      const carried = b.input('carried', 'float32', ['n']);
      b.output('go_on', b.constant('bool', 1), 'bool', []);
      b.output('next', b.op('Sin', [carried]), 'float32', ['n']);
    });
    const times = g.constant('int64', 2 ** 52);
    g.output('y', g.op('Loop', [times, g.constant('bool', 1), x], { body }), 'float32', ['n']);
  }),
);

describe('a process that runs models', () => {
  let runtime: RuntimeProcess;
  beforeAll(async () => {
    runtime = await RuntimeProcess.start();
  });
  afterAll(() => runtime.close());

  it('keeps a parked session for a load of the same model with the same options, and for no other', async () => {
    const parked = await runtime.load(relu, { provider: 'cpu' });
    await parked.park();
    const again = await runtime.load(relu, { provider: 'cpu', optimize: false });
    expect(again).toBe(parked);
    await again.park();
    expect(await runtime.load(relu, { provider: 'cpu', optimize: true })).not.toBe(parked);
    await expect(parked.run({ x: floats([1]) })).rejects.toThrow('released');
    // Equal bytes of another file are another model.
    const other = await runtime.load(relu.slice(), { provider: 'cpu' });
    await other.park();
    expect(await runtime.load(relu, { provider: 'cpu' })).not.toBe(other);
  });

  it('loads ahead what is asked for next; a failure is that of the load that asks', async () => {
    runtime.preload(relu, { provider: 'cpu' });
    const session = await runtime.load(relu, { provider: 'cpu' });
    expect(numbers((await session.run({ x: floats([-1, 2]) })).outputs.y as TensorData)).toEqual([0, 2]);
    const broken = new Uint8Array([1, 2, 3]);
    runtime.preload(broken, { provider: 'cpu' });
    await expect(runtime.load(broken, { provider: 'cpu' })).rejects.toThrow();
    runtime.preload(broken, { provider: 'cpu' });
    await (await runtime.load(relu, { provider: 'cpu' })).release();
  });

  it('keeps the sum of an output over the runs, until it is asked for', async () => {
    const session = await runtime.load(relu, { provider: 'cpu' });
    for (const x of [floats([1, -2]), floats([3, 4])])
      expect((await session.run({ x }, ['y'], ['y'])).outputs).toEqual({});
    await expect(session.run({ x: floats([1]) }, ['y'], ['y'])).rejects.toThrow('its shapes differ between runs');
    expect(numbers(await session.sum('y'))).toEqual([4, 4]);
    await expect(session.sum('y')).rejects.toThrow('expected one that was summed');
    await session.release();
  });

  it('tells inputs and outputs, runs, and times', async () => {
    const session = await runtime.load(relu, { provider: 'cpu' });
    expect(session.inputs).toEqual([{ name: 'x', type: 'float32', shape: ['n'] }]);
    expect(session.outputs).toEqual([{ name: 'y', type: 'float32', shape: ['n'] }]);
    expect(session.createMs).toBeGreaterThan(0);
    const { outputs, ms, waitedMs } = await session.run({ x: floats([-1, 0, 2.5]) });
    expect(outputs.y?.shape).toEqual([3]);
    expect(numbers(outputs.y as TensorData)).toEqual([0, 0, 2.5]);
    expect(ms).toBeGreaterThan(0);
    expect([waitedMs >= 0, waitedMs <= ms]).toEqual([true, true]);
    const times = await session.time({ x: floats([1]) }, 5);
    expect([times.ms.length, times.cpuMs.length]).toEqual([5, 5]);
    expect(Math.min(...times.ms, ...times.cpuMs)).toBeGreaterThanOrEqual(0);
    await session.release();
    await expect(session.run({ x: floats([1]) })).rejects.toMatchObject({ kind: 'error', message: /released/ });
  });

  it('does one thing after another, however many are asked for', async () => {
    const session = await runtime.load(relu, { provider: 'cpu' });
    const results = await Promise.all([1, 2, 3, 4].map((n) => session.run({ x: floats([n]) })));
    expect(results.map(({ outputs }) => numbers(outputs.y as TensorData)[0])).toEqual([1, 2, 3, 4]);
  });

  it('carries every element type that the runtime exchanges, unaligned and empty too', async () => {
    const types = [
      'float16',
      'float64',
      'int8',
      'uint8',
      'int16',
      'uint16',
      'int32',
      'uint32',
      'int64',
      'uint64',
      'bool',
    ];
    const model = buildModel({ '': 17 }, (g) => {
      for (const type of [...types, 'string'] as TensorData['type'][])
        g.output(`${type}_out`, g.op('Identity', [g.input(type, type, ['n'])]), type, ['n']);
    });
    const session = await runtime.load(await writeModel(model), { provider: 'cpu' });
    const sizes: Record<string, number> = {
      float16: 2,
      int16: 2,
      uint16: 2,
      int32: 4,
      uint32: 4,
      int8: 1,
      uint8: 1,
      bool: 1,
    };
    for (const count of [3, 0]) {
      const feeds: Record<string, TensorData> = {
        string: { type: 'string', shape: [count], data: ['ä', '', 'c'].slice(0, count) },
      };
      for (const type of types) {
        const bytes = Uint8Array.from({ length: (sizes[type] ?? 8) * count + 1 }, (_, i) =>
          type === 'bool' ? i % 2 : i,
        );
        feeds[type] = { type: type as TensorData['type'], shape: [count], data: bytes.subarray(1) };
      }
      const { outputs } = await session.run(feeds);
      for (const [name, feed] of Object.entries(feeds)) {
        const output = outputs[`${name}_out`] as TensorData;
        expect([output.type, output.shape, [...(output.data as Uint8Array)]], name).toEqual([
          feed.type,
          feed.shape,
          [...(feed.data as Uint8Array)],
        ]);
      }
    }
  });

  it('says what is wrong where the runtime refuses', async () => {
    await expect(runtime.load('/nowhere/model.onnx', { provider: 'cpu' })).rejects.toMatchObject({
      name: 'RuntimeError',
      kind: 'error',
    });
    const session = await runtime.load(relu, { provider: 'cpu' });
    await expect(session.run({})).rejects.toMatchObject({ kind: 'error', message: /'x' is missing/ });
    const bf16 = buildModel({ '': 17 }, (g) =>
      g.output('y', g.op('Cast', [g.input('x', 'bfloat16', [2])], { to: 1 }), 'float32', [2]),
    );
    await expect(runtime.load(await writeModel(bf16), { provider: 'cpu' })).rejects.toMatchObject({
      message: /cannot exchange tensors of bfloat16/,
    });
  });

  it('gives the tensors of a model that has a sequence as well, and says why not all', async () => {
    const model = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [4]);
      g.output('list', g.op('SplitToSequence', [x]), {
        kind: 'sequence',
        elem: { kind: 'tensor', elem: 'float32', shape: undefined },
      });
      g.output('y', g.op('Neg', [x]), 'float32', [4]);
    });
    const session = await runtime.load(await writeModel(model), { provider: 'cpu' });
    const feeds = { x: floats([1, 2, 3, 4]) };
    expect(session.outputs[0]?.type).toBeUndefined();
    await expect(session.run(feeds)).rejects.toMatchObject({ kind: 'error', message: /cannot give back sequences/ });
    expect(numbers((await session.run(feeds, ['y'])).outputs.y as TensorData)).toEqual([-1, -2, -3, -4]);
  });

  it('refuses int4 outputs, which would end the process', async () => {
    const model = buildModel(
      { '': 21 },
      (g) => {
        const zero = g.constant(memoryTensor('int4', [], Uint8Array.of(0)));
        g.output(
          'y',
          g.op('QuantizeLinear', [g.constant('float32', [1, 2]), g.constant('float32', 1), zero]),
          'int4',
          [2],
        );
      },
      10,
    );
    const session = await runtime.load(await writeModel(model), { provider: 'cpu' });
    await expect(session.run({})).rejects.toMatchObject({ kind: 'error', message: /cannot give back tensors of int4/ });
  });

  it('traces which provider ran which node and leaves no file behind', async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('onnx-passes-'));
    const session = await runtime.load(relu, { provider: 'cpu', profile: true });
    await session.run({ x: floats([1, 2]) });
    const nodes = await session.profile();
    expect(nodes).toMatchObject([
      { opType: 'Relu', provider: 'CPUExecutionProvider', outputs: [{ type: 'float', shape: [2] }] },
    ]);
    await session.release();
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('onnx-passes-') && !before.includes(name))).toEqual(
      [],
    );
  });
});

describe('a process that ends', () => {
  it('is a result, and the next load starts another', async () => {
    const runtime = await RuntimeProcess.start();
    const session = await runtime.load(endless, { provider: 'cpu' });
    const running = session.run({ x: floats([1]) });
    const { pid } = runtime;
    setTimeout(() => process.kill(pid as number, 'SIGSEGV'), 300);
    await expect(running).rejects.toMatchObject({ name: 'RuntimeError', kind: 'crash', message: /SIGSEGV/ });
    await expect(session.run({ x: floats([1]) })).rejects.toMatchObject({ kind: 'crash' });
    const next = await runtime.load(relu, { provider: 'cpu' });
    expect(runtime.pid).not.toBe(pid);
    expect(numbers((await next.run({ x: floats([-3]) })).outputs.y as TensorData)).toEqual([0]);
    await runtime.close();
  });

  it('is a result also where the end is heard of after the next call has failed to be sent', async () => {
    const runtime = await RuntimeProcess.start();
    const session = await runtime.load(relu, { provider: 'cpu' });
    process.kill(runtime.pid as number, 'SIGKILL');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    await expect(session.run({ x: floats([1]) })).rejects.toMatchObject({ kind: 'killed', message: /SIGKILL/ });
    expect(session.isAlive).toBe(false);
    const next = await runtime.load(relu, { provider: 'cpu' });
    expect(numbers((await next.run({ x: floats([-3, 3]) })).outputs.y as TensorData)).toEqual([0, 3]);
    await runtime.close();
  });

  it('is ended when a call takes too long', async () => {
    // One that has started: the start counts as a part of the first call.
    const started = await RuntimeProcess.start();
    await started.load(relu, { provider: 'cpu' });
    await started.close();
    const runtime = await RuntimeProcess.start({ timeoutMs: 1500 });
    const session = await runtime.load(endless, { provider: 'cpu' });
    await expect(session.run({ x: floats([1]) })).rejects.toMatchObject({
      kind: 'timeout',
      message: 'run took longer than 1.5 s and was ended',
    });
    await runtime.load(relu, { provider: 'cpu' });
    await runtime.close();
  });
});

describe('a process that is done', () => {
  it('goes to the next, which knows nothing of what it did; one that has ended does not', async () => {
    await closeRuntime();
    const first = await RuntimeProcess.start();
    const { pid } = first;
    const old = await first.load(relu, { provider: 'cpu' });
    await first.close();
    const second = await RuntimeProcess.start();
    expect(second.pid).toBe(pid);
    await expect(old.run({ x: floats([1]) })).rejects.toMatchObject({ kind: 'crash' });
    const session = await second.load(relu, { provider: 'cpu' });
    expect(numbers((await session.run({ x: floats([2]) })).outputs.y as TensorData)).toEqual([2]);
    await second.close();
    process.kill(pid as number, 'SIGKILL');
    const third = await RuntimeProcess.start();
    await third.load(relu, { provider: 'cpu' }).catch(() => third.load(relu, { provider: 'cpu' }));
    expect(third.pid).not.toBe(pid);
    const withVariable = await RuntimeProcess.start({ env: { A: '1' } });
    await third.close();
    await withVariable.close();
    process.env.SET_SINCE = '1';
    const later = await RuntimeProcess.start();
    delete process.env.SET_SINCE;
    expect(later.pid).not.toBe(third.pid);
    await later.close();
    expect((await RuntimeProcess.start({ env: {} })).pid).not.toBe(third.pid);
    await closeRuntime();
  });

  it('is not taken where it ended while this thread was busy', async () => {
    const first = await RuntimeProcess.start();
    const { pid } = first;
    await (await first.load(relu, { provider: 'cpu' })).release();
    await first.close();
    process.kill(pid as number, 'SIGKILL');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    const second = await RuntimeProcess.start();
    expect(second.pid).not.toBe(pid);
    await second.close();
    await closeRuntime();
  });
});

describe('evaluate', () => {
  afterAll(closeRuntime);
  const sum = () =>
    buildModel({ '': 17 }, (g) => {
      g.output('sum', g.op('Add', [g.constant('int64', [1, 2]), g.constant('int64', [10, 20])]), 'int64', [2]);
      g.output('strings', g.op('Identity', [g.constant('float16', [0.5])]), 'float16', [1]);
    });

  it('gives the outputs of a model without inputs, in order', async () => {
    const [a, b] = (await evaluateModel(sum())) as [Tensor, Tensor];
    expect([a.type, a.shape, new BigInt64Array(a.bytes().slice().buffer)]).toEqual([
      'int64',
      [2],
      BigInt64Array.of(11n, 22n),
    ]);
    expect([b.type, b.shape]).toEqual(['float16', [1]]);
  });

  it('rejects what the runtime refuses and goes on', async () => {
    const unknown = buildModel({ '': 17 }, (g) => g.output('y', g.op('NoSuchOp', [g.constant('float32', 1)])));
    await expect(evaluateModel(unknown)).rejects.toMatchObject({ name: 'RuntimeError', kind: 'error' });
    expect(await evaluateModel(sum())).toHaveLength(2);
  });
});
