/** Tuning as a program asks for it, on the real runtime: what is raced differs so much that noise decides nothing. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { buildModel } from '../src/ir/build.js';
import type { Model } from '../src/ir/model.js';
import { tensorOf } from '../src/ir/tensors/numbers.js';
import { UsageError } from '../src/ir/text/usage-error.js';
import type { Value } from '../src/ir/value.js';
import { closeRuntime } from '../src/on-demand.js';
import { optimize } from '../src/optimize.js';
import { definePass } from '../src/run/pass.js';
import type { Progress } from '../src/run/pipeline/pipeline-options.js';
import { reportSchema } from '../src/run/report/report.js';
import { opCounts } from './check-pass.js';

const SIZE = 128;
const LAPS = 40;
const identity = tensorOf(
  'float32',
  Array.from({ length: SIZE * SIZE }, (_, i) => Number(i % (SIZE + 1) === 0)),
  [SIZE, SIZE],
);

/** So many products with one, which the runtime does not see through. */
function laps(x: Value): Value {
  let value = x;
  for (let i = 0; i < LAPS; i++) {
    value = x.graph.add('MatMul', [value, x.graph.constant(identity)], { outputs: [`${x.name}_lap${i}`] }).output;
    value.type = x.type;
  }
  return value;
}

/** Layers with a Tanh, and as many with a Sigmoid that have laps behind it. */
const model = (layers: number): Model =>
  buildModel({ '': 17 }, (g) => {
    const weights = Array.from({ length: SIZE * SIZE }, (_, i) => Math.sin(i) / SIZE);
    let x = g.input('x', 'float32', ['batch', 'sequence', SIZE]);
    for (const op of ['Tanh', 'Sigmoid'])
      for (let i = 0; i < layers; i++) {
        const inner = g.op(op, [g.op('Add', [g.op('MatMul', [x, g.constant('float32', weights, [SIZE, SIZE])]), x])]);
        x = g.op('Abs', [g.op('Mul', [op === 'Sigmoid' ? laps(inner) : inner, x])]);
      }
    g.output('y', x, 'float32', ['batch', 'sequence', SIZE]);
  });

/** Takes laps away behind a Sigmoid, and adds some behind a Tanh. */
const swap = definePass({
  name: 'swap',
  summary: '',
  fidelity: 'exact',
  needs: ['types'],
  options: z.object({}),
  variants: () => [],
  run({ graph }, _, context) {
    for (const node of graph.nodes()) {
      const { output } = node;
      const [lap] = output?.users ?? [];
      const reason = node.is('Tanh') || node.is('Sigmoid') ? context.leaves(node) : undefined;
      if (reason) context.skip(reason, node);
      else if (node.is('Tanh') && !lap?.is('MatMul')) {
        const users = [...output.uses];
        const last = laps(output);
        for (const use of users) graph.setInput(use.node, use.index, last);
      } else if (node.is('Sigmoid') && lap?.is('MatMul')) {
        let last = lap.output;
        for (let next = last.users[0]; next?.is('MatMul') && next.inputs[0] === last; next = last.users[0])
          last = next.output;
        graph.replaceUses(last, output);
      }
    }
  },
});

describe('optimize with tune', () => {
  const folder = mkdtempSync(join(tmpdir(), 'optimize-tune-test-'));
  const tuneCache = join(folder, 'tune.json');
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await closeRuntime();
  });

  it('keeps what is faster on a block and leaves out what is slower, measured on one layer of each', async () => {
    const said: Progress[] = [];
    const { model: result, report } = await optimize(model(3), [swap()], {
      target: 'cpu',
      ...{ tune: true, tuneCache },
      verify: 'end',
      onProgress: (progress) => said.push(progress),
    });
    expect(opCounts(result).MatMul).toBe(6);
    const [pass] = report.passes;
    expect(pass?.tuning).toHaveLength(2);
    const rows = [...(pass?.tuning ?? [])].sort((a, b) => Number(a.kept) - Number(b.kept));
    expect(rows).toMatchObject([
      { instances: 3, variant: 'swap', kept: false, speed: { significant: true } },
      { instances: 3, variant: 'swap', kept: true, speed: { significant: true } },
    ]);
    expect(rows[0]?.speed?.ratio).toBeLessThan(1 / 3);
    expect(rows[1]?.speed?.ratio).toBeGreaterThan(3);
    expect(pass?.skips[0]?.reason).toMatch(/^swap takes \d+\.\d\d× the time on one of 3 instances \(.*–.*\)$/);
    expect(pass?.skips[0]?.count).toBe(3);
    expect(pass?.tuneMs).toBeGreaterThan(0);
    expect(report.gates).toMatchObject([{ name: 'accuracy', passed: true }]);
    expect(reportSchema.parse(JSON.parse(JSON.stringify(report)))).toMatchObject({
      passes: [{ tuneMs: pass?.tuneMs }],
    });
    expect(report.tuning?.whole).toMatchObject({ kept: true, speed: { significant: true } });
    expect(report.tuning?.sessions.length).toBeGreaterThan(0);
    const measured = said.flatMap(({ step, pass, about }) =>
      step === 'tune' && pass === 'swap' && about ? [about] : [],
    );
    expect(measured).toHaveLength(2);
    for (const about of measured) expect(about).toMatch(/^swap on .+ \(1 of 3\)$/);
  });

  it('measures whatever is verified, and nothing where it is not asked for', async () => {
    const { report } = await optimize(model(3), [swap()], { target: 'cpu', verify: 'none' });
    expect(report.passes[0]).not.toHaveProperty('tuning', expect.anything());
    const tuned = await optimize(model(3), [swap()], { target: 'cpu', verify: 'none', tune: true, tuneCache });
    expect(tuned.report.passes[0]?.tuning?.map(({ kept }) => kept).sort()).toEqual([false, true]);
    expect(opCounts(tuned.model).MatMul).toBe(6);
    // The first test has measured it.
    const raced = tuned.report.passes.flatMap(({ tuning = [] }) => tuning.map(({ speed }) => speed));
    for (const speed of [...raced, tuned.report.tuning?.whole?.speed]) expect(speed?.cached).toMatch(/^2/);
  });

  it('says what it lacks', async () => {
    const asked = (passes: string, options: object) => optimize(model(1), passes, { tune: true, ...options });
    await expect(asked('simplify', { target: 'cpu' })).rejects.toThrow(UsageError);
    await expect(asked('simplify', { target: 'cpu' })).rejects.toThrow(
      'tune: expected a pass for speed on cpu (fuse-rope, fuse-attn, fuse-norm, fuse-act, int8, int4); found simplify',
    );
    await expect(asked('bf16', { target: 'cpu' })).rejects.toThrow(/found bf16$/);
    await expect(asked('int8', { target: 'cuda' })).rejects.toThrow('tune: expected cuda to work here; it does not');
  });
});
