import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { buildModel, type GraphBuilder } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import { tensorType } from '../../src/ir/types.js';
import { writeModel } from '../../src/onnx/write.js';
import { closeRuntime } from '../../src/runtime/evaluate.js';
import { validate } from '../../src/validate/index.js';
import { givenSets } from '../../src/validate/inputs/files/given.js';
import { createVerifier } from '../../src/validate/verifier.js';

/** x·w, scaled; `wrong` scales otherwise. */
const linear = (scale = 1, define: (g: GraphBuilder) => void = () => {}): Model =>
  buildModel({ '': 17 }, (g) => {
    const weights = Array.from({ length: 64 }, (_, i) => Math.sin(i));
    const product = g.op('MatMul', [
      g.input('x', 'float32', ['batch', 'seq', 8]),
      g.constant('float32', weights, [8, 8]),
    ]);
    g.output('y', g.op('Mul', [product, g.constant('float32', scale)]), 'float32', ['batch', 'seq', 8]);
    define(g);
  });

const loops = (count: number): Model =>
  buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', [1]);
    const body = g.body('body', (b) => {
      b.input('i', 'int64', []);
      b.output('go_on', b.input('go', 'bool', []), 'bool', []);
      b.output('next', b.op('Sin', [b.input('carried', 'float32', [1])]), 'float32', [1]);
    });
    g.output('y', g.op('Loop', [g.constant('int64', count), g.constant('bool', 1), x], { body }), 'float32', [1]);
  });

/** Other bytes that compute the same. */
const noted = (g: GraphBuilder): void => {
  g.graph.name = 'another';
};

const quick = { provider: 'cpu', budgetMs: 200 } as const;
const patient = { provider: 'cpu', budgetMs: 2000 } as const;
afterAll(closeRuntime);

describe('validate', () => {
  it('compares a result with its original and times both', async () => {
    const { accuracy, speed, placement, gates } = await validate(linear(), await writeModel(linear(1, noted)), quick);
    expect(accuracy).toMatchObject({ provider: 'cpu', failures: [], notCompared: [], fidelity: 'exact' });
    expect(accuracy.inputs.slice(0, 2)).toEqual(['generated (seed 0): x[2,7,8]', 'generated (seed 1): x[1,12,8]']);
    expect(accuracy.outputs).toMatchObject([{ name: 'y', type: 'float32' }]);
    expect(accuracy.outputs[0]!.relativeL2).toBeLessThan(1e-5);
    expect(speed?.run.original.runs).toBeGreaterThan(1);
    expect(speed?.create.original).toBeGreaterThan(0);
    expect(speed?.first.result).toBeGreaterThan(0);
    expect(speed!.interval.low).toBeLessThanOrEqual(speed!.interval.high);
    expect(placement).toBeUndefined();
    expect(gates).toMatchObject([{ name: 'accuracy', passed: true }]);
    expect(JSON.parse(JSON.stringify({ accuracy, speed }))).toMatchObject({ speed: { provider: 'cpu' } });
  });

  it('names the inputs that only one of the two takes', async () => {
    const sum = (...names: string[]) =>
      buildModel({ '': 17 }, (g) => {
        g.output(
          'y',
          g.op(
            'Sum',
            names.map((name) => g.input(name, 'float32', [2])),
          ),
          'float32',
          [2],
        );
      });
    const failuresOf = async (result: Model) =>
      (await validate(sum('x', 'mask'), result, { ...quick, speed: false })).accuracy.failures;
    expect(await failuresOf(sum('z', 'mask'))).toEqual([
      'inputs differ: the result takes "z", which the original does not, and does not take "x", which the original does',
    ]);
    expect(await failuresOf(sum('x', 'mask', 'more'))).toEqual([
      'inputs differ: the result takes "more", which the original does not',
    ]);
  });

  it('rejects wrong numbers, by name and limit', async () => {
    const { gates } = await validate(linear(), linear(1.2), { ...quick, speed: false, fidelity: 'rounding' });
    expect(gates[0]).toMatchObject({ passed: false });
    expect(gates[0]!.detail).toMatch(/^"y": relative L2 0\.20 > 0\.1/);
    const wide = await validate(linear(), linear(1.2), { ...quick, speed: false, maxError: 0.3 });
    expect(wide.gates[0]!.passed).toBe(true);
  });

  it('tells a faster model from an equal one', async () => {
    const { speed, gates } = await validate(loops(3000), loops(300), { ...patient, maxError: 10, minSpeedup: 2 });
    expect(speed).toMatchObject({ significant: true });
    // Ten times the laps: two is far from any noise.
    expect(speed!.ratio).toBeGreaterThan(2);
    expect(gates.at(-1)).toMatchObject({ name: 'speed', passed: true });
    const slower = await validate(loops(300), loops(3000), { ...quick, maxError: 10, minSpeedup: 1.5 });
    expect(slower.gates.at(-1)).toMatchObject({ name: 'speed', passed: false });
  });

  it('times nothing where both are the same bytes, or times are declined, or there is no time', async () => {
    const bytes = await writeModel(linear());
    const same = await validate(linear(), bytes, { ...quick, minSpeedup: 1.01 });
    expect(same).toMatchObject({ speed: undefined, notTimed: '1.00×, same bytes' });
    expect(same.gates.at(-1)).toMatchObject({ passed: false, detail: '1.00×, same bytes, limit 1.01×' });
    expect((await validate(linear(), bytes, { ...quick, minSpeedup: 1 })).gates.at(-1)).toMatchObject({ passed: true });
    const declined = await validate(linear(), bytes, { ...quick, speed: false });
    expect(declined).toMatchObject({ speed: undefined, notTimed: undefined });
    const hurried = await validate(linear(), linear(1, noted), { ...quick, timeBudget: 0.001 });
    expect(hurried.speed).toBeUndefined();
    expect(hurried.cuts).toContain('the times');
  });

  it('reports outputs that are missing, of another shape, or new', async () => {
    const extra = linear(1, (g) => g.output('z', g.op('Neg', [g.graph.outputs[0]]), 'float32', ['batch', 'seq', 8]));
    const more = await validate(linear(), extra, { ...quick, speed: false });
    expect(more.accuracy.notCompared).toEqual([{ name: 'z', reason: 'only the result has it' }]);
    expect(more.gates[0]!.passed).toBe(true);
    const less = await validate(extra, linear(), { ...quick, speed: false });
    expect(less.accuracy.failures).toEqual(['output "z": expected float32; found no such output']);
    expect(less.gates[0]!.passed).toBe(false);
    const flat = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', ['batch', 'seq', 8]);
      g.output('y', g.op('Reshape', [x, g.ints(-1)]), 'float32', ['n']);
    });
    const other = await validate(linear(), flat, { ...quick, speed: false });
    expect(other.accuracy.failures[0]).toBe('output "y": expected float32[2, 7, 8]; found float32[112]');
  });

  it('takes a result that does not run, or hangs, as a result', async () => {
    const broken = buildModel({ '': 17 }, (g) => g.output('y', g.op('NoSuchOp', [g.input('x', 'float32', [1])])));
    const refused = await validate(linear(), broken, quick);
    expect(refused.accuracy.failures[0]).toMatch(/^the result does not run without the runtime's optimizations: /);
    expect(refused.speed).toBeUndefined();
    expect(refused.gates).toMatchObject([{ name: 'accuracy', passed: false }]);
    const hangs = await validate(loops(1), loops(2 ** 52), { ...quick, timeoutMs: 1500 });
    expect(hangs.accuracy.failures[0]).toMatch(
      /^the result takes too long .*: run took longer than 1.5 s and was ended$/,
    );
  });

  it('says so where the original does not run', async () => {
    const broken = buildModel({ '': 17 }, (g) => g.output('y', g.op('NoSuchOp', [g.input('x', 'float32', [1])])));
    const { accuracy, gates } = await validate(broken, linear(), quick);
    expect(accuracy.notCompared[0]!.reason).toMatch(/^the original does not run: /);
    // One gate says it: an accuracy that passed would be believed by whoever reads the JSON.
    expect(gates).toEqual([{ name: 'proof', passed: false, detail: accuracy.notCompared[0]!.reason }]);
    expect((await validate(broken, linear(), { ...quick, maxError: 1 })).gates[0]).toMatchObject({ passed: false });
  });

  it('leaves out sequences and random numbers, and says so', async () => {
    const define = (g: GraphBuilder): void => {
      g.output('list', g.op('SplitToSequence', [g.graph.outputs[0]]), {
        kind: 'sequence',
        elem: tensorType('float32'),
      });
      g.output('noise', g.op('RandomNormalLike', [g.graph.outputs[0]]), 'float32', ['batch', 'seq', 8]);
    };
    const { accuracy } = await validate(linear(1, define), linear(1, define), { ...quick, speed: false });
    expect(accuracy.notCompared.map(({ name }) => name)).toEqual(['list', 'noise']);
    expect(accuracy.outputs.map(({ name }) => name)).toEqual(['y']);
    expect(accuracy.failures).toEqual([]);
  });

  it('keeps to sizes that the original runs at', async () => {
    const baked = linear(1, (g) => g.output('z', g.op('Reshape', [g.graph.outputs[0], g.ints(1, -1)])));
    const fixed = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', ['batch', 4]);
      g.output('y', g.op('Reshape', [x, g.ints(1, 4)]), 'float32', [1, 4]);
    });
    const shapes = (await validate(baked, baked, { ...quick, speed: false })).accuracy.inputs.map(
      (about) => /x\[.*\]/.exec(about)?.[0],
    );
    expect(new Set(shapes)).toEqual(new Set(['x[2,7,8]', 'x[1,12,8]']));
    const { accuracy } = await validate(fixed, fixed, { ...quick, speed: false });
    expect(new Set(accuracy.inputs.map((about) => /x\[.*\]/.exec(about)?.[0]))).toEqual(new Set(['x[1,4]']));
    expect(accuracy.notes[0]).toMatch(/^the original does not run on x\[2,4\]: /);
  });
});

describe('test data', () => {
  const folder = mkdtempSync(join(tmpdir(), 'test-data-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  /** TensorProto: dims 1,1,8, data_type float, name x, raw_data. */
  const proto = (value: number): Uint8Array =>
    Uint8Array.of(
      8,
      1,
      8,
      1,
      8,
      8,
      16,
      1,
      66,
      1,
      120,
      74,
      32,
      ...new Uint8Array(new Float32Array(8).fill(value).buffer),
    );
  const write = (set: string, file: string, bytes: Uint8Array): void => {
    const into = join(folder, set);
    mkdirSync(into, { recursive: true });
    writeFileSync(join(into, file), bytes);
  };

  it('is read in order of the numbers, and compared', async () => {
    for (const i of [10, 2]) write(`test_data_set_${i}`, 'input_0.pb', proto(i));
    const sets = givenSets(folder).map((set) => set.read(linear()));
    expect(sets.map(({ about }) => about)).toEqual(['test_data_set_2: x[1,1,8]', 'test_data_set_10: x[1,1,8]']);
    expect(new Float32Array((sets[1]!.tensors.x!.data as Uint8Array).slice().buffer)[0]).toBe(10);
    expect(givenSets(join(folder, 'test_data_set_2'))).toHaveLength(1);
    const { accuracy } = await validate(linear(), linear(), { ...quick, speed: false, inputs: folder });
    expect(accuracy.inputs.filter((about) => about.startsWith('test_data_set'))).toHaveLength(2);
  });

  it('says what is wrong with it', () => {
    expect(() => givenSets(join(folder, 'none'))).toThrow(
      /none: expected test_data_set_\* with \.pb files, .* or folders of those; found nothing there/,
    );
    write('empty', 'note.txt', Uint8Array.of());
    expect(() => givenSets(join(folder, 'empty'))).toThrow(/found none of them/);
    write('bad/test_data_set_0', 'input_0.pb', Uint8Array.of(1, 2, 3));
    expect(() => givenSets(join(folder, 'bad'))[0]!.read(linear())).toThrow(/input_0\.pb: expected a TensorProto/);
    write('few/test_data_set_0', 'output_0.pb', proto(1));
    expect(() => givenSets(join(folder, 'few'))[0]!.read(linear())).toThrow(
      /expected a tensor for every input; found none for x/,
    );
  });
});

describe('the verifier of the pipeline', () => {
  it('accepts, rejects, and does not know', async () => {
    const verifier = createVerifier({ seed: 3 });
    const before = linear();
    expect(await verifier.compare(before, linear(), 'exact')).toMatchObject({ outcome: 'accepted' });
    expect(await verifier.compare(before, linear(1.01), 'exact')).toMatchObject({
      outcome: 'rejected',
      detail: /relative L2/,
    });
    expect(await verifier.compare(before, linear(1.01), 'rounding')).toMatchObject({ outcome: 'accepted' });
    const broken = buildModel({ '': 17 }, (g) => g.output('y', g.op('NoSuchOp', [g.input('x', 'float32', [1])])));
    expect(await verifier.compare(before, broken, 'lossy')).toMatchObject({ outcome: 'rejected' });
    expect(await verifier.compare(broken, before, 'lossy')).toMatchObject({ outcome: 'unknown' });
    const nothing = buildModel({ '': 17 }, (g) => g.output('y', g.op('Log', [g.constant('float32', [-1])])));
    expect(await verifier.compare(nothing, nothing, 'exact')).toEqual({
      outcome: 'unknown',
      detail: '"y": every element is NaN or infinite',
    });
  });
});
