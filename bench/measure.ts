/** Measures one generated model: as it is in float32, and after the passes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Feed, feedsOf } from '../fixtures/feeds.js';
import { generate, type KindName, kinds, type SizeName } from '../fixtures/kinds.js';
import type { Model } from '../src/ir/model.js';
import type { Target } from '../src/ir/targets/targets.js';
import { elementCount } from '../src/ir/tensors/tensor.js';
import { readModel } from '../src/onnx/read.js';
import { writeModel } from '../src/onnx/write.js';
import { optimize } from '../src/optimize.js';
import { RuntimeProcess, type Tensors } from '../src/runtime/isolate.js';
import type { FailedStep, ModelResult, Sampling, StepResult } from './result.js';
import { type Prepared, Variant } from './variant.js';

export interface MeasureOptions {
  readonly size: SizeName;
  readonly provider: Target;
  readonly steps: readonly string[];
  readonly seed: number;
  readonly sampling: Sampling;
  readonly onProgress?: (text: string) => void;
}

/** Measures every step of one kind of model. A failure of a step is a result; only a fault of the bench itself throws. */
export async function measureModel(kind: KindName, options: MeasureOptions): Promise<ModelResult> {
  const { size, provider, steps, seed, sampling, onProgress = () => {} } = options;
  const folder = await mkdtemp(join(tmpdir(), 'onnx-passes-bench-'));
  try {
    const { model, dims } = generate(kind, size, seed);
    const feeds = feedsOf(model, dims, seed);
    const original = join(folder, 'float32.onnx');
    const { bytes } = await writeModel(model, original);
    const source = await readModel(original);
    const results: (FailedStep | Variant)[] = [
      new Variant({ name: 'float32', passes: [], fidelity: 'exact', path: original, bytes }, provider, feeds),
    ];
    for (const [index, step] of steps.entries()) {
      onProgress(`${kind}: ${step}`);
      const prepared = await prepare(source, step, { provider, path: join(folder, `${index}.onnx`) });
      results.push('status' in prepared ? prepared : new Variant(prepared, provider, feeds));
    }
    const variants = results.filter((result) => result instanceof Variant);
    onProgress(`${kind}: running`);
    await takeSamples(variants, await referenceOf(original, provider, feeds), sampling);
    const [baseline] = variants;
    return {
      kind,
      config: { ...kinds[kind].sizes[size].size },
      dims,
      parameters: parametersOf(model),
      steps: results.map((result): StepResult => (result instanceof Variant ? result.result(baseline) : result)),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Counts the elements of all float constants. */
function parametersOf(model: Model): number {
  let count = 0;
  for (const { tensor } of model.graph.constants) if (tensor?.type === 'float32') count += elementCount(tensor.shape);
  return count;
}

/** Runs the passes and writes their result. */
async function prepare(
  source: Model,
  step: string,
  { provider, path }: { provider: Target; path: string },
): Promise<Prepared | FailedStep> {
  const started = performance.now();
  try {
    const { model, report } = await optimize(source, step, { target: provider, verify: 'none' });
    const { bytes } = await writeModel(model, path);
    const passes = report.passes.map(({ name, status, ops, skips }) => ({
      name,
      status,
      ops,
      skips: skips.map(({ reason, count }) => ({ reason, count })),
    }));
    return { name: step, passes, fidelity: report.fidelity, bytes, path, optimizeMs: performance.now() - started };
  } catch (error) {
    return { status: 'failed', name: step, passes: [], stage: 'optimize', message: (error as Error).message };
  }
}

/** The outputs of float32 without optimizations of the runtime; undefined where it does not run. */
async function referenceOf(path: string, provider: Target, feeds: Record<string, Feed>): Promise<Tensors | undefined> {
  const runtime = await RuntimeProcess.start({ timeoutMs: 600_000 });
  try {
    const session = await runtime.load(path, { provider, optimize: false });
    return (await session.run(feeds)).outputs;
  } catch {
    // The variants fail for the same reason and report it.
    return undefined;
  } finally {
    await runtime.close();
  }
}

/** Takes one sample of every variant in each round, in an order that rotates, so that drift of the machine affects all alike. */
async function takeSamples(
  variants: readonly Variant[],
  reference: Tensors | undefined,
  sampling: Sampling,
): Promise<void> {
  try {
    for (const variant of variants) await variant.begin(reference);
    for (const variant of variants) await variant.warmUp(sampling.warmUp, sampling.sampleMs);
    for (let round = 0; round < sampling.rounds; round++)
      for (let i = 0; i < variants.length; i++) await (variants[(round + i) % variants.length] as Variant).sample();
  } finally {
    for (const variant of variants) await variant.end();
  }
}
