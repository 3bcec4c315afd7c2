/** One file through everything that reads models: read, check, infer, inspect, explain, passes, write, read again. */
import { catalogue } from '../../../passes/index.js';
import { contractOf } from '../../../src/contract/contract.js';
import { declarationsOf } from '../../../src/contract/declarations.js';
import { explain } from '../../../src/explain.js';
import { inferTypes } from '../../../src/infer/index.js';
import { nameOf } from '../../../src/ir/dims/symbols.js';
import type { Model } from '../../../src/ir/model.js';
import type { Target } from '../../../src/ir/targets/targets.js';
import { ModelError } from '../../../src/ir/text/errors.js';
import { checkModel } from '../../../src/ir/whole-model/check.js';
import { printModel } from '../../../src/ir/whole-model/print.js';
import { readModel } from '../../../src/onnx/read.js';
import { writeModel } from '../../../src/onnx/write.js';
import { type OptimizeOptions, optimize } from '../../../src/optimize.js';
import { findBlocks } from '../../../src/region/blocks/index.js';
import { inspectModel } from '../../../src/report/inspect/inspection.js';
import { reportMarkdown } from '../../../src/report/markdown.js';
import { explanationText } from '../../../src/report/text/explanation.js';
import { inspectionText } from '../../../src/report/text/inspection.js';
import { reportText } from '../../../src/report/text.js';
import { parsePasses } from '../../../src/run/parse.js';
import { runPipeline } from '../../../src/run/pipeline/pipeline.js';
import { kernelsOf } from '../../../src/runtime/kernels-of.js';
import { builtIn } from '../../../src/settings/plugins.js';
import { dice } from './dice.js';

/** What became of a file: `found` is what should not have happened. */
export interface Outcome {
  readonly kind: 'ran' | 'refused' | 'found';
  /** Where: a step's name. */
  readonly step: string;
  /** Of what was found: the error, and the place in our code that threw it. */
  readonly error?: string;
  readonly place?: string;
}

const lists = [
  ...catalogue.map(({ definition }) => definition.name),
  'exact',
  'half',
  'quarter',
  'exact,fp16',
  'inline,exact,outline',
];

/** How many of them one file meets. */
const LISTS = 4;

class Stop extends Error {
  constructor(readonly outcome: Outcome) {
    super();
  }
}

/** Never throws. `seed` chooses the target, and what is written with data beside it. */
export async function attempt(bytes: Uint8Array, folder: string, seed: number): Promise<Outcome> {
  const random = dice(seed);
  const target = random.of(['cpu', 'cuda', 'webgpu'] as const) ?? 'cpu';
  // Refusing is for what a file or a user is at fault of, in one line.
  const step = async <T>(name: string, work: () => T | Promise<T>, mayRefuse = true): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw new Stop(outcomeOf(name, error, mayRefuse));
    }
  };
  try {
    const model = await step('read', () => readModel(bytes, { folder }));
    await step('check', () => checkModel(model));
    const facts = await step('infer', () => inferTypes(model));
    await step('print', () => printModel(model));
    await step('inspect', () => {
      const inspection = inspectModel(model, facts, { values: true, find: findBlocks });
      JSON.stringify(inspection);
      inspectionText(inspection, { isColoured: true });
    });
    await step('contract', () => declarationsOf(contractOf(model)));
    await step('rewrite', () => roundTrip(model), false);
    await step('explain', async () => explanationText(await explain(model, { target }), { isColoured: false }));
    // Each file meets a few of them, and thousands of files all.
    for (let count = 0; count < LISTS; count++) {
      const list = random.of(lists) as string;
      await step(list, () => compile(model, list, target));
    }
    if (random.oneIn(40)) await step('report', () => reported(model, random.of(lists) as string, { target }));
    const dims = Object.fromEntries(symbolsOf(model).map((name) => [name, 1 + random.below(4)]));
    if (Object.keys(dims).length && random.oneIn(20))
      await step('dims', () => reported(model, 'simplify', { target, dims }));
    return { kind: 'ran', step: '' };
  } catch (error) {
    if (error instanceof Stop) return error.outcome;
    throw error;
  }
}

/** Passes alone: nothing is run. */
async function compile(model: Model, list: string, target: Target): Promise<void> {
  const { model: result } = await runPipeline(model, parsePasses(list, builtIn), {
    ...(await kernelsOf(target)),
    evaluate: undefined,
  });
  await written(result);
}

/** As a user calls it, constants folded by the runtime. */
async function reported(model: Model, list: string, options: OptimizeOptions): Promise<void> {
  const { model: result, report } = await optimize(model, list, { ...options, verify: 'none', regional: true });
  reportText(report);
  reportMarkdown(report);
  JSON.stringify(report);
  await written(result);
}

/** What we wrote ourselves is no file's fault. */
async function written(result: Model): Promise<void> {
  try {
    await roundTrip(result);
  } catch (error) {
    throw error instanceof ModelError ? new Error(`writes what it refuses: ${error.message}`, { cause: error }) : error;
  }
}

async function roundTrip(model: Model): Promise<void> {
  await readModel(await writeModel(model));
}

/** Names of the dims that inputs have by themselves. */
function symbolsOf(model: Model): string[] {
  const dims = model.graph.inputs.flatMap(({ type }) => (type?.kind === 'tensor' ? (type.shape ?? []) : []));
  return [...new Set(dims.map(nameOf).filter((name) => typeof name === 'string'))];
}

function outcomeOf(step: string, error: unknown, mayRefuse: boolean): Outcome {
  if (!(error instanceof Error)) return { kind: 'found', step, error: String(error), place: '' };
  const isFileFault = error.name === 'ModelError' || error.name === 'UsageError';
  if (mayRefuse && isFileFault && !error.message.includes('\n')) return { kind: 'refused', step, error: error.message };
  const cause = error.cause instanceof Error ? error.cause : error;
  return { kind: 'found', step, error: `${error.name}: ${error.message}`.slice(0, 500), place: placeOf(cause) };
}

/** The first place in the stack that is neither Node's nor a test's. */
const placeOf = ({ name, stack = '' }: Error): string => {
  const lines = stack.split('\n').filter((line) => /^\s+at /.test(line) && !/node:|node_modules/.test(line));
  return `${name} ${(lines[0] ?? '').trim()}`;
};
