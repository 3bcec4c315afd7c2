/**
 * Files that ask for far more work than they are worth. That they are done with is shown by the test ending: each would take the memory
 * of the process, or hours, if one of their numbers were taken for a size.
 */
import { describe, expect, it } from 'vitest';
import { hostile } from '../fixtures/hostile/index.js';
import { bisect, validate } from '../src/index.js';
import { inferTypes } from '../src/infer/index.js';
import type { Model } from '../src/ir/model.js';
import type { Limits } from '../src/ir/options/budget.js';
import { ModelError } from '../src/ir/text/errors.js';
import { checkModel } from '../src/ir/whole-model/check.js';
import { readModel } from '../src/onnx/read.js';
import { writeModel } from '../src/onnx/write.js';
import { optimize } from '../src/optimize.js';
import { findBlocks } from '../src/region/blocks/index.js';
import { inspectModel } from '../src/report/inspect/inspection.js';
import { inspectionText } from '../src/report/text/inspection.js';
import { RuntimeError } from '../src/runtime/isolate.js';
import { makeFeeds } from '../src/validate/inputs/feeds.js';

const bytesOf = (name: string): Uint8Array => (hostile[name] as () => Uint8Array)();

/** What the skips of a list of passes say, without a runtime; the bytes of the result. */
async function optimized(name: string, passes: string) {
  const { model, report } = await optimize(await readModel(bytesOf(name)), passes, { verify: 'none' });
  const skips = report.passes.flatMap((pass) => pass.skips.map(({ reason }) => reason)).join('\n');
  return { size: (await writeModel(model)).length, skips };
}

describe('a file of fewer than 14,000 bytes', () => {
  // One of each kind of pattern over shared operands; all are in the bench.
  const names = Object.keys(hostile).filter((name) => !/^doubling/.test(name) || /-(bias|rotary)$/.test(name));
  it.each(names)('is inspected, or refused in one line: %s', async (name) => {
    const bytes = bytesOf(name);
    expect(bytes.length).toBeLessThan(14_000);
    try {
      const model = await readModel(bytes);
      checkModel(model);
      const inspection = inspectModel(model, inferTypes(model), { values: true, find: findBlocks });
      expect(inspectionText(inspection, { isColoured: false }).length).toBeLessThan(4e6);
    } catch (error) {
      expect(error).toBeInstanceOf(ModelError);
      expect((error as Error).message).not.toContain('\n');
    }
  });
});

describe('passes', () => {
  it.each([
    ['norm-2e31', 'fuse-norm', 'constant-bytes'],
    ['norm-2e26', 'fuse-norm', 'constant-bytes'],
    ['norm-many', 'fuse-norm', 'constant-bytes'],
    ['calls-2e40', 'inline', 'inlined-nodes'],
    ['calls-wide', 'inline', 'inlined-nodes'],
    ['loops-nested', 'simplify', 'inference-visits'],
    ['dims-squares', 'simplify', 'dims-terms'],
  ])('say which budget was hit: %s, %s', async (name, passes, budget) => {
    const { size, skips } = await optimized(name, passes);
    expect(skips).toContain(`beyond the budget ${budget} of `);
    expect(size).toBeLessThan(2 ** 26);
  });

  it.each([
    'matmul-flops',
    'lstm-many',
    'loop-9999-work',
    'scan-9999-work',
    'add-many',
    'det-many',
    'matmul-inner',
    'siblings-many',
  ])('do not fold what takes long: %s', async (name) =>
    expect((await optimized(name, 'simplify')).skips).toMatch(/folding-work|larger than 128 MiB|not known/),
  );

  it.each(['strings-doubled', 'constant-of-shape-2e62', 'where-outer', 'loop-grows', 'eye-2e31'])(
    'leave what would fill the memory: %s',
    async (name) => expect((await optimized(name, 'simplify')).size).toBeLessThan(20_000),
  );

  it.each([
    'calls-2e40',
    'doubling-add-bias',
    'doubling-mul-erf',
    'doubling-where-softmax',
    'lanes-mixed',
    'sequence-output-2e31',
  ])('read shared operands once: %s', async (name) =>
    expect((await optimized(name, 'flatten-outputs,exact')).size).toBeLessThan(20_000),
  );
});

describe('a run', () => {
  const feedsOf = async (name: string): Promise<unknown> => makeFeeds(await typed(name));
  const typed = async (name: string): Promise<Model> => {
    const model = await readModel(bytesOf(name));
    inferTypes(model);
    return model;
  };

  it.each([
    ['input-2e31', 'input-elements'],
    ['inputs-800', 'input-elements'],
    ['constant-of-shape-output-2e30', 'run-elements'],
    ['outer-activation', 'run-elements'],
    ['expand-by-input', 'run-elements'],
    ['loop-2e62', 'run-work'],
    ['trip-from-input', 'run-work'],
    ['calls-2e40', 'run-work'],
  ])('is refused before it begins: %s', async (name, budget) => {
    await expect(feedsOf(name)).rejects.toThrow(RuntimeError);
    await expect(feedsOf(name)).rejects.toThrow(`not run: beyond the budget ${budget} of `);
  });

  it('has the budgets that are asked for, of models in memory too', async () => {
    const model = await readModel(bytesOf('outer-activation'));
    const budget = { 'run-elements': 10, 'folding-work': 2 ** 24 };
    const { accuracy } = await validate(model, model, { provider: 'cpu', fidelity: 'exact', speed: false, budget });
    expect(accuracy.notCompared[0]?.reason).toContain('beyond the budget run-elements of 10;');
    await expect(bisect(model, model, { budget })).rejects.toThrow('beyond the budget run-elements of 10;');
  });

  it('is refused before the model is loaded, which takes as long', async () => {
    const asked = { provider: 'cpu', fidelity: 'exact', speed: false, timeoutMs: 10_000 } as const;
    const { accuracy } = await validate(bytesOf('calls-2e40'), bytesOf('calls-2e40'), asked);
    expect(accuracy.notCompared[0]?.reason).toContain('not run: beyond the budget run-work of ');
  });

  it('ends where it takes too long, or too much, for what the model is', async () => {
    const reasonOf = async (name: string, budget: Limits): Promise<string | undefined> => {
      const { accuracy } = await validate(bytesOf(name), bytesOf(name), {
        provider: 'cpu',
        fidelity: 'exact',
        speed: false,
        budget,
      });
      return accuracy.notCompared[0]?.reason;
    };
    expect(await reasonOf('loop-forever', { 'run-seconds': 1 })).toMatch(
      /took longer than 1\.0 s and was ended: beyond the budget run-seconds of 1;/,
    );
    expect(await reasonOf('loop-forever-doubles', { 'run-bytes': 2 ** 27 })).toMatch(
      /took 134 MB and was ended: beyond the budget run-bytes of 134217728;/,
    );
  });

  it.each(['calls-wide', 'loops-3', 'scan-inputs-2e31', 'name-long'])('of little is begun: %s', async (name) =>
    expect(await feedsOf(name)).toMatchObject({ source: 'made' }),
  );
});
