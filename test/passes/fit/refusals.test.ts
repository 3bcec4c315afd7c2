/** Limits that no mix of forms holds: what is told instead, and that nothing is written. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildModel, GraphBuilder } from '../../../src/ir/build.js';
import { Graph } from '../../../src/ir/graph.js';
import type { Value } from '../../../src/ir/value.js';
import { optimizeFile } from '../../../src/job/optimize-file.js';
import { closeRuntime } from '../../../src/on-demand.js';
import { writeModel } from '../../../src/onnx/write.js';
import { GateError } from '../../../src/run/outcome.js';
import type { Report } from '../../../src/run/report/report.js';
import { randomWeights } from '../../check-pass.js';
import { layered } from './layered.js';

const folder = mkdtempSync(join(tmpdir(), 'onnx-passes-fit-'));
const [from, to] = [join(folder, 'model.onnx'), join(folder, 'result.onnx')];

/** Two calls of a function, each with a weight of its own. */
const calling = () => {
  const built = buildModel({ '': 17, local: 1 }, (g) => {
    const x = g.input('x', 'float32', ['n', 64]);
    const layer = (from: Value, seed: number) =>
      g.op('Layer', [from, g.constant(randomWeights([64, 64], 0.1, seed), `w${seed}`)], undefined, { domain: 'local' });
    g.output('y', layer(layer(x, 1), 2), 'float32', ['n', 64]);
  });
  const graph = new Graph(built, 'Layer', new Map([['', 17]]));
  const inputs = [graph.input('x'), graph.input('w')];
  const body = new GraphBuilder(graph);
  body.output('y', body.op('Relu', [body.op('MatMul', inputs)]));
  built.functions.push({
    ...{ domain: 'local', name: 'Layer', overload: '', graph, attributes: [], defaults: new Map(), docString: '' },
  });
  return built;
};

beforeAll(async () => {
  await writeModel(layered(), from);
});
afterAll(async () => {
  await closeRuntime();
  rmSync(folder, { recursive: true, force: true });
});

const settings = { out: to, speed: false, target: 'cpu', onGate: 'report' } as const;
const fitIn = ({ passes }: Report) => passes.find(({ name }) => name === 'fit') as Report['passes'][number];

describe('fit', () => {
  it('says the least size that can be had, and its error, and writes nothing', async () => {
    rmSync(to, { force: true });
    const report = await optimizeFile(from, [], { ...settings, maxSize: '5%' });
    const gate = report.gates.find(({ name }) => name === 'size');
    expect(gate).toMatchObject({ passed: false });
    expect(gate?.detail).toMatch(/the least size that can be had is [\d.]+ kB, at an error of 0\.\d+/);
    expect(report.output).toBeUndefined();
    await expect(optimizeFile(from, [], { ...settings, onGate: 'throw', maxSize: '5%' })).rejects.toThrow(GateError);
  });

  it('says what each limit would take where both do not hold together', async () => {
    const report = await optimizeFile(from, [], { ...settings, maxSize: '40%', maxError: 0.0005 });
    const gate = report.gates.find(({ name }) => name === 'size');
    expect(gate?.detail).toMatch(/have an error of 0\.\d+, and an error of at most 0\.0005 takes [\d.]+ kB/);
    expect(fitIn(report).status).toBe('unchanged');
  });

  it('puts local functions that have the weights in the place of their calls, and says so', async () => {
    const path = join(folder, 'calls.onnx');
    await writeModel(calling(), path);
    const report = await optimizeFile(path, [], { ...settings, maxSize: '35%' });
    expect(report.gates.every(({ passed }) => passed)).toBe(true);
    expect(fitIn(report).notes.map(({ text }) => text)).toContain(
      'local functions that weights are handed to are put in the place of their calls: 2',
    );
  });

  it('leaves functions as they are where no mix is small enough', async () => {
    const path = join(folder, 'calls.onnx');
    await writeModel(calling(), path);
    const report = await optimizeFile(path, [], { ...settings, maxSize: '5%' });
    expect(fitIn(report).status).toBe('unchanged');
  });
});
