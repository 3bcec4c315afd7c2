/** The pipeline as a program calls it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { encoder } from '../fixtures/encoder.js';
import { explain } from '../src/explain.js';
import { buildModel } from '../src/ir/build.js';
import type { Model } from '../src/ir/model.js';
import { tensorOf } from '../src/ir/tensors/numbers.js';
import { UsageError } from '../src/ir/text/usage-error.js';
import type { Value } from '../src/ir/value.js';
import { closeRuntime, validate } from '../src/on-demand.js';
import { optimize } from '../src/optimize.js';
import { GateError } from '../src/run/outcome.js';
import { definePass } from '../src/run/pass.js';

const model = () =>
  buildModel({ '': 17 }, (g) =>
    g.output('y', g.op('Identity', [g.op('Relu', [g.input('x', 'float32', [2, 64])])]), 'float32', [2, 64]),
  );

/** Six layers: outline makes a function of them. */
const repeated = () =>
  encoder({ hidden: 32, heads: 2, intermediate: 48, vocabulary: 50, seed: 0, layers: 6, positions: 32 });

/** Scales the output. */
const scale = (by: number) =>
  definePass({
    name: 'scale',
    summary: '',
    fidelity: 'exact',
    options: z.object({}),
    run({ graph }) {
      const old = graph.outputs[0]!;
      const scaled = graph.add('Mul', [undefined, graph.constant(tensorOf('float32', [by]))]);
      graph.replaceUses(old, scaled.output);
      graph.setInput(scaled, 0, old);
    },
  })();

/** Takes every Relu away: right where nothing is negative. */
const withoutRelu = definePass({
  name: 'without-relu',
  summary: '',
  fidelity: 'exact',
  options: z.object({}),
  run({ graph }) {
    for (const node of graph.nodes())
      if (node.is('Relu')) graph.replaceUses(node.outputs[0] as Value, node.inputs[0] as Value);
  },
});

describe('optimize', () => {
  afterAll(closeRuntime);

  it('judges each pass on the inputs that are given', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'optimize-'));
    const given = (name: string, value: number): string => {
      writeFileSync(join(folder, name), JSON.stringify({ x: [Array(64).fill(value), Array(64).fill(1)] }));
      return join(folder, name);
    };
    const status = async (inputs?: string) =>
      (await optimize(model(), [withoutRelu()], { inputs, onGate: 'report' })).report.passes[0]!.status;
    expect(await status()).toBe('rolled back');
    expect(await status(given('positive.json', 0.5))).toBe('applied');
    expect(await status(given('negative.json', -0.5))).toBe('rolled back');
    writeFileSync(join(folder, 'short.json'), '{"x": [[1]]}');
    await expect(status(join(folder, 'short.json'))).rejects.toThrow(/short\.json: "x": expected a shape of \[2, 64\]/);
    rmSync(folder, { recursive: true });
  });

  it.each<[unknown, string]>([
    ['m.onnx', 'the text "m.onnx"'],
    [undefined, 'undefined'],
    [new Uint8Array(4), 'object'],
    [Promise.resolve(model()), 'object'],
  ])('says what it takes to a program that hands over %s', async (given, found) => {
    const asked = optimize(given as Model, 'simplify');
    await expect(asked).rejects.toThrow(TypeError);
    await expect(asked).rejects.toThrow(/optimize: expected a Model, as readModel.* gives.*optimizeFile/);
    await expect(asked).rejects.toThrow(`found ${found}`);
    await expect(explain(given as Model)).rejects.toThrow(/explain: expected a Model, as readModel/);
  });

  it('names the functions there are where inline is to inline another', async () => {
    const before = model();
    const { model: given } = await optimize(repeated(), 'outline', { verify: 'none' });
    const names = given.functions.map(({ name }) => name);
    expect(names.length).toBeGreaterThan(0);
    await expect(optimize(before, 'inline:only=Nope')).rejects.toThrow(
      'pass inline: unknown local function "Nope"; there are none',
    );
    const asked = optimize(given, 'simplify,inline:only=Nope', { verify: 'none' });
    await expect(asked).rejects.toThrow(UsageError);
    await expect(asked).rejects.toThrow(`unknown local function "Nope"; there are: ${names.join(', ')}`);
    const known = await optimize(given, `inline:only=${names[0]}`, { verify: 'none' });
    expect(known.model.functions).toHaveLength(names.length - 1);
    // What outline makes is not known before.
    await optimize(repeated(), `outline,inline:only=${names[0]}`, { verify: 'none' });
  });

  it('tells in its gates that the result is wrong, and that it is right', async () => {
    const wrong = await optimize(model(), [scale(2)], { verify: 'end', target: 'cpu', onGate: 'report' });
    expect(wrong.report.gates).toMatchObject([{ name: 'accuracy', passed: false }]);
    const right = await optimize(model(), 'simplify', { verify: 'end', target: 'cpu' });
    expect(right.report.gates).toMatchObject([{ name: 'accuracy', passed: true }]);
    expect((await optimize(model(), 'simplify', { verify: 'none' })).report.gates).toEqual([]);
  });

  it('throws where the result is wrong, with the report', async () => {
    const wrong: unknown = await optimize(model(), [scale(2)], { verify: 'end', target: 'cpu' }).catch(
      (error) => error,
    );
    expect(wrong).toBeInstanceOf(GateError);
    expect((wrong as GateError).message).toMatch(/^accuracy gate: .*relative L2/);
    expect((wrong as GateError).report.gates).toMatchObject([{ name: 'accuracy', passed: false }]);
  });

  it('throws where a pass was rolled back, unless that is allowed', async () => {
    const job = (options: object) => optimize(model(), [scale(2)], { verify: 'pass', target: 'cpu', ...options });
    await expect(job({})).rejects.toThrow(/^scale was rolled back: .*relative L2/);
    const { report, model: result } = await job({ allowRollback: true });
    expect(report.outcome).toMatchObject({ asked: ['scale'], done: [], takenBack: [{ pass: 'scale' }] });
    expect(result.graph.nodeSet.size).toBe(2);
    await expect(job({ allowRollback: true, require: ['scale'] })).rejects.toThrow(
      /^require gate: scale was rolled back/,
    );
    await expect(job({ require: ['int8'] })).rejects.toThrow(UsageError);
    // The one limit there is for all of it.
    const wide = { maxError: 2, minCosine: 0 };
    expect(
      (await optimize(model(), [scale(1.5)], { verify: 'pass', target: 'cpu', ...wide })).report.passes,
    ).toMatchObject([{ status: 'applied', error: expect.closeTo(0.5) }]);
  });

  it('sees what steps do together that each stay within their gate', async () => {
    const steps = Array.from({ length: 3 }, () => scale(1 + 6e-5));
    const { report } = await optimize(model(), steps, { verify: 'pass', target: 'cpu', onGate: 'report' });
    expect(report.passes.map(({ status }) => status)).toEqual(['applied', 'applied', 'applied']);
    expect(report.gates).toMatchObject([{ passed: false, detail: expect.stringMatching(/relative L2 1\.8e-4/) }]);
  });

  it('validates by what made the result, and guesses nothing', async () => {
    const { model: result, report } = await optimize(model(), 'simplify', { verify: 'none' });
    const quick = { provider: 'cpu', speed: false } as const;
    await expect(validate(model(), result, quick)).rejects.toThrow(UsageError);
    await expect(validate(model(), result, quick)).rejects.toThrow(/^validate: expected report, passes or fidelity/);
    expect((await validate(model(), result, { ...quick, report })).accuracy.fidelity).toBe('exact');
    expect((await validate(model(), result, { ...quick, passes: 'simplify,int8' })).accuracy.fidelity).toBe('lossy');
    expect((await validate(model(), result, { ...quick, fidelity: 'rounding' })).accuracy.fidelity).toBe('rounding');
  });

  it('leaves nothing that keeps Node from ending', () => {
    const library = fileURLToPath(new URL('../dist/index.js', import.meta.url));
    const program = `
      import { buildModel, optimize } from ${JSON.stringify(library)};
      const model = buildModel({ '': 17 }, (g) => g.output('y', g.op('Identity', [g.op('Relu', [g.input('x', 'float32', [2])])])));
      const { report } = await optimize(model, 'simplify');
      console.log(report.passes[0].verdict.outcome);`;
    const words = ['--input-type=module', '--eval', program];
    const { status, signal, stdout } = spawnSync(process.execPath, words, { encoding: 'utf8', timeout: 300_000 });
    expect({ status, signal, stdout }).toEqual({ status: 0, signal: null, stdout: 'accepted\n' });
  });
});
