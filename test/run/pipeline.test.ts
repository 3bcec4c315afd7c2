import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { inferTypes } from '../../src/infer/index.js';
import { buildModel } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import { tensorOf } from '../../src/ir/tensors/numbers.js';
import { ModelError, PassError } from '../../src/ir/text/errors.js';
import { definePass, type Fidelity } from '../../src/run/pass.js';
import { runPipeline } from '../../src/run/pipeline/pipeline.js';
import type { PipelineOptions, Progress } from '../../src/run/pipeline/pipeline-options.js';
import type { Verdict, Verifier } from '../../src/run/verify/verifier.js';

const model = () =>
  buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', [2]);
    g.output('y', g.op('Neg', [g.op('Add', [g.op('Relu', [x]), g.constant('float32', [1, 2])])], {}, { name: 'last' }));
  });
const ops = (m: Model) => m.graph.nodes().map(({ opType }) => opType);

const pass = (name: string, fidelity: Fidelity, run: (model: Model) => void) =>
  definePass({ name, summary: '', fidelity, needs: ['types'], options: z.object({}), run })();
/** A pass that removes the last node. */
const shorten = (fidelity: Fidelity = 'exact') =>
  pass('shorten', fidelity, ({ graph }) => {
    const last = graph.outputs[0]?.producer;
    if (last?.inputs[0]?.producer) graph.replaceUses(last.output, last.inputs[0]);
  });
const idle = pass('idle', 'lossy', () => {});

const options: PipelineOptions = { target: 'cpu', hasKernel: () => true, unfit: () => undefined, evaluate: undefined };
const verifier = (outcomes: Verdict['outcome'][], seen: string[] = []): Verifier => ({
  async compare(before, after, fidelity) {
    seen.push(`${ops(before)} > ${ops(after)} ${fidelity}`);
    return { outcome: outcomes.shift() ?? 'accepted', detail: 'because' };
  },
  rewrite: async () => ({ outcome: 'accepted', detail: 'because' }),
});

describe('runPipeline', () => {
  it('takes a pass that finds nothing in a model of unknown sizes as unchanged, and does not compare', async () => {
    const seen: string[] = [];
    const reads = pass('reads', 'exact', (m) => inferTypes(m));
    const unknown = buildModel({ '': 17 }, (g) => g.output('y', g.op('NonZero', [g.input('x', 'float32', ['n'])])));
    const result = await runPipeline(unknown, [reads], { ...options, verify: 'pass', verifier: verifier([], seen) });
    expect(result.passes.map(({ status }) => status)).toEqual(['unchanged']);
    expect(seen).toEqual([]);
  });

  it('works on a clone, sweeps, and measures what changed', async () => {
    const original = model();
    const { revision } = original;
    const result = await runPipeline(original, [shorten(), shorten('lossy'), idle], options);
    expect(original.revision).toBe(revision);
    expect(ops(original)).toEqual(['Relu', 'Add', 'Neg']);
    expect(ops(result.model)).toEqual(['Relu']);
    expect(result.passes.map(({ name, status, ops, nodes, bytes }) => ({ name, status, ops, nodes, bytes }))).toEqual([
      {
        name: 'shorten',
        status: 'applied',
        ops: { Neg: -1 },
        nodes: { before: 3, after: 2 },
        bytes: { before: 8, after: 8 },
      },
      {
        name: 'shorten',
        status: 'applied',
        ops: { Add: -1 },
        nodes: { before: 2, after: 1 },
        bytes: { before: 8, after: 0 },
      },
      { name: 'idle', status: 'unchanged', ops: {}, nodes: { before: 1, after: 1 }, bytes: { before: 0, after: 0 } },
    ]);
    expect(result.fidelity).toBe('lossy');
    expect(result.verification).toEqual({ level: 'none', verdict: undefined });
    expect(result.before).toMatchObject({ nodes: 3, bytes: 8, bytesByType: { float32: 8 }, opsets: { 'ai.onnx': 17 } });
  });

  it('rolls back the pass that the verifier rejects, and goes on', async () => {
    const seen: string[] = [];
    const checks = verifier(['rejected', 'accepted', 'unknown'], seen);
    const passes = [shorten('rounding'), shorten(), idle, shorten()];
    const result = await runPipeline(model(), passes, { ...options, verifier: checks });
    expect(result.passes.map(({ status, verdict }) => [status, verdict?.outcome])).toEqual([
      ['rolled back', 'rejected'],
      ['applied', 'accepted'],
      ['unchanged', undefined],
      ['applied', 'unknown'],
    ]);
    expect(seen).toEqual([
      'Relu,Add,Neg > Relu,Add rounding',
      'Relu,Add,Neg > Relu,Add exact',
      'Relu,Add > Relu exact',
      'Relu,Add,Neg > Relu exact',
    ]);
    expect(ops(result.model)).toEqual(['Relu']);
    expect(result.fidelity).toBe('exact');
  });

  it('compares only the two ends at level end, with the widest gate', async () => {
    const seen: string[] = [];
    const checks = verifier(['rejected'], seen);
    const passes = [shorten(), shorten('lossy')];
    const { verification } = await runPipeline(model(), passes, { ...options, verify: 'end', verifier: checks });
    expect(seen).toEqual(['Relu,Add,Neg > Relu lossy']);
    expect(verification).toEqual({ level: 'end', verdict: { outcome: 'rejected', detail: 'because' } });
  });

  it('compares the two ends at level pass too: steps that each hold may not hold together', async () => {
    const seen: string[] = [];
    const checks = verifier(['accepted', 'accepted', 'rejected'], seen);
    const { passes, verification } = await runPipeline(model(), [shorten(), shorten('rounding')], {
      ...options,
      verifier: checks,
    });
    expect(passes.map(({ status }) => status)).toEqual(['applied', 'applied']);
    expect(seen.at(-1)).toBe('Relu,Add,Neg > Relu rounding');
    expect(verification).toMatchObject({ level: 'pass', verdict: { outcome: 'rejected' } });
    const one = await runPipeline(model(), [shorten(), idle], { ...options, verifier: verifier(['accepted']) });
    expect(one.verification.verdict).toBe(one.passes[0]?.verdict);
  });

  it('keeps what is no edit of the graph, under every level', async () => {
    const edits: Record<string, (model: Model) => void> = {
      metadata: (m) => {
        m.metadata = [{ key: 'a', value: 'b' }];
      },
      producer: (m) => {
        m.producerName = 'someone';
      },
      ir: (m) => {
        m.irVersion = 10;
      },
      opset: (m) => {
        m.opsets.set('com.microsoft', 1);
      },
      name: (m) => {
        m.graph.inputs[0]!.name = 'renamed';
      },
      default: (m) => {
        m.graph.inputs[0]!.defaultTensor = tensorOf('float32', [1, 2]);
      },
    };
    for (const [name, edit] of Object.entries(edits))
      for (const verify of ['none', 'pass'] as const) {
        const result = await runPipeline(model(), [pass(name, 'exact', edit)], {
          ...options,
          verify,
          verifier: verifier([]),
        });
        expect([name, result.passes[0]?.status]).toEqual([name, 'applied']);
        const { revision } = result.model;
        edit(result.model);
        const isFresh = name === 'metadata' || name === 'default';
        expect([name, result.model.revision - revision]).toEqual([name, isFresh ? 1 : 0]);
      }
  });

  it('names the pass that throws, and the one that leaves a broken model', async () => {
    const throws = pass('throws', 'exact', () => {
      throw new TypeError('no');
    });
    const error: PassError = await runPipeline(model(), [shorten(), throws], options).catch((e) => e);
    expect(error).toBeInstanceOf(PassError);
    expect(error.message).toBe('pass 2 throws (after shorten): no');
    const breaks = pass('breaks', 'exact', ({ graph }) => {
      const [first] = graph.nodes();
      graph.setInput(first!, 0, graph.outputs[0]);
    });
    await expect(runPipeline(model(), [breaks], options)).rejects.toThrow(/^pass 1 breaks: .*cycle/);
  });

  it('blames the model, not a pass, for a cycle that was there before', async () => {
    const cyclic = model();
    const [first] = cyclic.graph.nodes();
    cyclic.graph.setInput(first!, 0, cyclic.graph.outputs[0]);
    await expect(runPipeline(cyclic, [idle], options)).rejects.toBeInstanceOf(ModelError);
  });

  it('collects notes, and groups what was skipped by its reason', async () => {
    const talk = definePass({
      name: 'talk',
      summary: '',
      fidelity: 'exact',
      options: z.object({}),
      run({ graph }, _, context) {
        const [relu, add] = graph.nodes();
        context.note('seen', relu);
        context.skip('no kernel', relu);
        context.skip('too small', graph.inputs[0]);
        context.skip('too small', add);
      },
    })();
    const { passes } = await runPipeline(model(), [talk], options);
    expect(passes[0]?.notes).toEqual([{ text: 'seen', at: 'Relu' }]);
    expect(passes[0]?.skips).toEqual([
      { reason: 'too small', count: 2, places: ['x', 'Add'] },
      { reason: 'no kernel', count: 1, places: ['Relu'] },
    ]);
  });

  it('says where it stands', async () => {
    const steps: Progress[] = [];
    await runPipeline(model(), [shorten()], {
      ...options,
      verifier: verifier([]),
      onProgress: (step) => steps.push(step),
    });
    expect(steps.map(({ step, pass: name, position, count }) => [step, name, position, count])).toEqual([
      ['infer', 'shorten', 0, 1],
      ['run', 'shorten', 0, 1],
      ['verify', 'shorten', 0, 1],
    ]);
  });
});
