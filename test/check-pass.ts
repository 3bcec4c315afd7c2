/**
 * The one helper of pass tests: what must hold of every pass on every model is checked every time.
 *
 * The input stays untouched; the result passes the invariants, loads, reads back as it was written, keeps the
 * interface, and gives the same outputs within the stated tolerance; a second run changes nothing.
 */
import { expect } from 'vitest';
import type { Model } from '../src/ir/model.js';
import { numbersOf, tensorOf } from '../src/ir/numbers.js';
import { printModel } from '../src/ir/print.js';
import { elementCount, type Tensor } from '../src/ir/tensor.js';
import { dataTypes, isFloat, typeText } from '../src/ir/types.js';
import type { Value } from '../src/ir/value.js';
import { readModel } from '../src/onnx/read.js';
import { writeModel } from '../src/onnx/write.js';
import type { Pass, Target } from '../src/run/pass.js';
import { runPipeline } from '../src/run/pipeline.js';
import type { PassResult, PipelineResult } from '../src/run/pipeline-result.js';
import { kernelsOf } from '../src/runtime/kernels.js';
import { Random } from '../src/validate/inputs/random.js';
import { runModel, type Tensors } from './run-model.js';

export interface PassCase {
  readonly before: Model;
  /** The printed result: as text (indented as one likes), or as the model it prints like. */
  readonly after?: string | Model;
  /** Nodes of the result by op, where the whole picture says less. */
  readonly ops?: Readonly<Record<string, number>>;
  /** Largest difference of any output from the original, relative to the output's largest magnitude. 0: bit for bit. */
  readonly within: number;
  /** Inputs by name; those left out are seeded random numbers. */
  readonly feeds?: Tensors;
  /** Sizes of named dims for the random inputs; 2 where not given. */
  readonly dims?: Readonly<Record<string, number>>;
  readonly target?: Target;
  /** False for a pass that exists to change inputs or outputs; the numbers are then the test's to compare. */
  readonly keepsInterface?: boolean;
  /** False where the machine that tests has no provider for the target: the numbers are not compared. */
  readonly runs?: boolean;
}

export interface CheckedPass {
  readonly model: Model;
  readonly result: PassResult;
}

/** Runs one pass as the pipeline does, without verification. */
export const applyPass = (pass: Pass, model: Model, target: Target = 'cpu'): Promise<PipelineResult> =>
  applyPasses([pass], model, target);

/** Runs passes one after another as the pipeline does, without verification. */
export const applyPasses = (passes: readonly Pass[], model: Model, target: Target = 'cpu'): Promise<PipelineResult> =>
  runPipeline(model, passes, {
    ...kernelsOf(target),
    evaluate: async (one) => (await import('../src/runtime/evaluate.js')).evaluateModel(one),
  });

/** Checks all that must hold of a pass on a model, and the picture and numbers given. */
export async function checkPass(pass: Pass, { before, ...rest }: PassCase): Promise<CheckedPass> {
  const written = await writeModel(before);
  const { revision } = before;
  const { model, passes } = await applyPass(pass, before, rest.target);
  const result = passes[0] as PassResult;
  expect(before.revision, 'the input is untouched').toBe(revision);
  expect(await writeModel(before), 'the input is untouched').toEqual(written);
  if (typeof rest.after === 'string') expect(dedent(printModel(model))).toBe(dedent(rest.after));
  else if (rest.after) expect(printModel(model)).toBe(printModel(rest.after));
  if (rest.ops) expect(opCounts(model)).toEqual(rest.ops);

  const again = await applyPass(pass, model, rest.target);
  expect(printModel(again.model), 'a second run changes nothing').toBe(printModel(model));
  expect(again.passes[0]?.status, 'a second run changes nothing').toBe('unchanged');

  const bytes = await writeModel(model);
  if (rest.keepsInterface !== false) {
    const original = await readModel(written);
    expect(interfaceOf(await readModel(bytes), original), 'the interface stays').toEqual(
      interfaceOf(original, original),
    );
  }
  expect(await writeModel(await readModel(bytes)), 'reads back as it was written').toEqual(bytes);
  if (rest.runs !== false && rest.keepsInterface !== false) {
    const feeds = { ...randomFeeds(before, rest.dims), ...rest.feeds };
    compareTensors(await runModel(bytes, feeds), await runModel(written, feeds), rest.within);
  }
  return { model, result };
}

/** Checks that a pass leaves a model as it is and says why: one of its reasons holds this text. */
export async function checkMiss(
  pass: Pass,
  { before, reason, target }: { readonly before: Model; readonly reason: string | RegExp; readonly target?: Target },
): Promise<void> {
  const { passes } = await applyPass(pass, before, target);
  const [result] = passes as readonly [PassResult];
  expect(result.status).toBe('unchanged');
  const reasons = result.skips.map((skip) => skip.reason);
  const says = (text: string) => (typeof reason === 'string' ? text.includes(reason) : reason.test(text));
  expect(reasons.some(says), `expected a skip for ${reason}; found: ${reasons.join(' | ') || 'none'}`).toBe(true);
}

/** Fails where outputs differ by more than `within` of the expected output's largest magnitude. */
export function compareTensors(actual: Tensors, expected: Tensors, within: number): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, wanted] of Object.entries(expected)) {
    const tensor = actual[name] as Tensor;
    expect(tensor.type, `type of "${name}"`).toBe(wanted.type);
    expect(tensor.shape, `shape of "${name}"`).toEqual(wanted.shape);
    if (within === 0 || !isFloat(wanted.type)) {
      expect(tensor.strings ?? tensor.bytes(), `"${name}"`).toEqual(wanted.strings ?? wanted.bytes());
      continue;
    }
    const error = relativeError(tensor, wanted);
    expect(error, `largest error of "${name}" relative to its largest magnitude`).toBeLessThanOrEqual(within);
  }
}

/** Largest difference over largest magnitude; infinite where NaN or an infinity stands on one side alone. */
export function relativeError(actual: Tensor, expected: Tensor): number {
  const [a, b] = [numbersOf(actual), numbersOf(expected)];
  let worst = 0;
  let scale = 0;
  for (let i = 0; i < b.length; i++) {
    const [x, y] = [a[i] as number, b[i] as number];
    if (Object.is(x, y)) continue;
    if (!Number.isFinite(y) || !Number.isFinite(x)) return Number.POSITIVE_INFINITY;
    worst = Math.max(worst, Math.abs(x - y));
  }
  for (const y of b) if (Number.isFinite(y)) scale = Math.max(scale, Math.abs(y));
  return worst === 0 ? 0 : worst / Math.max(scale, 1e-30);
}

/** Seeded numbers for the tensor inputs without a default: floats are normal, ids and masks 0 or 1. */
export function randomFeeds(model: Model, dims: Readonly<Record<string, number>> = {}, seed = 1): Tensors {
  const random = generator(seed);
  const feeds: Record<string, Tensor> = {};
  for (const input of model.graph.inputs)
    if (input.type?.kind === 'tensor' && !input.defaultTensor) feeds[input.name] = randomTensor(input, dims, random);
  return feeds;
}

function randomTensor(input: Value, dims: Readonly<Record<string, number>>, random: () => number): Tensor {
  const { elem, shape } = input;
  if (!elem || !shape) throw new TypeError(`check-pass: input "${input.name}" has no shape; give feeds`);
  const sizes = shape.map((dim) => (typeof dim === 'number' ? dim : (dims[String(dim)] ?? 2)));
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const isReal = dataTypes[elem].kind === 'float';
  const values = Array.from({ length: elementCount(sizes) }, () => (isReal ? normal() : Math.floor(random() * 2)));
  return tensorOf(elem, values, sizes);
}

/** A seeded generator of numbers in [0, 1). */
export function generator(seed: number): () => number {
  const random = new Random(seed);
  return () => random.next();
}

/** Seeded normal numbers as a tensor: weights for tests. */
export function randomWeights(shape: readonly number[], scale = 1, seed = 2): Tensor {
  const random = generator(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return tensorOf(
    'float32',
    Array.from({ length: elementCount(shape) }, () => normal() * scale),
    shape,
  );
}

/** How many nodes of each op there are, over every scope; `domain.Op` outside ai.onnx. */
export function opCounts(model: Model): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const graph of model.graphs())
    for (const { domain, opType } of graph.nodeSet) {
      const op = domain ? `${domain}.${opType}` : opType;
      counts[op] = (counts[op] ?? 0) + 1;
    }
  return counts;
}

/** What callers see: names, order and declared types of the ports, and which inputs may be left out. A type may be added. */
const interfaceOf = ({ graph }: Model, original: Model) => ({
  inputs: graph.inputs.map(
    (input) => `${input.name}: ${typeText(input.type)}${input.defaultTensor ? ' (default)' : ''}`,
  ),
  outputs: graph.outputPorts.map(({ name, type }, index) =>
    original.graph.outputPorts[index]?.type ? `${name}: ${typeText(type)}` : name,
  ),
});

/** The text without the indentation that its lines share, and without blank ends. */
function dedent(text: string): string {
  const lines = text
    .replace(/^\s*\n/, '')
    .trimEnd()
    .split('\n');
  const indents = lines.filter((line) => line.trim()).map((line) => line.length - line.trimStart().length);
  const shared = Math.min(...indents);
  return lines.map((line) => line.slice(shared).trimEnd()).join('\n');
}
