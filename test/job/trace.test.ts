/** The trace of a job: a stage for each pass and what is around them, and the nodes of one run of both models. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { buildModel } from '../../src/ir/build.js';
import { optimizeFile } from '../../src/job/optimize-file.js';
import { writeModel } from '../../src/onnx/write.js';
import { randomWeights } from '../check-pass.js';

const folder = mkdtempSync(join(tmpdir(), 'trace-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Event {
  readonly name: string;
  readonly ph: string;
  readonly cat?: string;
  readonly ts: number;
  readonly dur: number;
  readonly pid: number;
}

it('has what was done in order, and nodes of original and result, also where a gate fails', async () => {
  const model = buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', [4, 16]);
    const y = g.op('MatMul', [g.op('Identity', [x]), g.constant(randomWeights([16, 8]), 'w')]);
    g.output('y', g.op('Tanh', [y]), 'float32', [4, 8]);
  });
  const [path, tracePath] = [join(folder, 'model.onnx'), join(folder, 'trace.json')];
  await writeModel(model, path);
  const report = await optimizeFile(path, 'simplify,fp16,fuse-attn', {
    ...{ tracePath, target: 'cpu', speed: false, verify: 'pass', onGate: 'report', require: ['fuse-attn'] },
  });
  expect(report.output).toBeUndefined();
  const { traceEvents } = JSON.parse(readFileSync(tracePath, 'utf8')) as { traceEvents: Event[] };
  const events = traceEvents.filter(({ ph }) => ph === 'X');
  for (const { ts, dur } of events) expect(ts >= 0 && dur >= 0).toBe(true);
  const passes = events.filter(({ cat }) => cat === 'pass').map(({ name }) => name);
  expect(passes.slice(0, 3)).toEqual(report.passes.map(({ name }) => name));
  const steps = events.filter(({ cat }) => cat === 'step').map(({ name }) => name);
  expect(steps).toEqual(expect.arrayContaining(['infer', 'run', 'verify']));
  expect(events.some(({ name, cat }) => cat === 'job' && name.startsWith('comparing'))).toBe(true);
  const nodes = (pid: number) => events.filter((one) => one.cat === 'node' && one.pid === pid).map(({ name }) => name);
  expect(nodes(2)).toEqual(expect.arrayContaining(['MatMul', 'Tanh']));
  expect(nodes(3)).toEqual(expect.arrayContaining(['MatMul', 'Tanh']));
});
