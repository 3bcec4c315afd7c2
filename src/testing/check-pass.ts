/**
 * Checks for tests of passes and rules: what must hold of every pass on every model, and what a picture says of one.
 *
 * They throw an Error that shows the difference, so that they work in any test runner and in none.
 */

import { minOf } from '../ir/collections/lists.js';
import type { Model } from '../ir/model.js';
import type { TargetName } from '../ir/targets/targets.js';
import { UsageError } from '../ir/text/usage-error.js';
import { typeText } from '../ir/types.js';
import { printModel } from '../ir/whole-model/print.js';
import { summarize } from '../ir/whole-model/summary.js';
import type { Rule, RuleSet } from '../match/rule.js';
import { readModel } from '../onnx/read.js';
import { writeModel } from '../onnx/write.js';
import { isPass, type Pass } from '../run/pass.js';
import { runPipeline } from '../run/pipeline/pipeline.js';
import type { PassResult, PipelineResult } from '../run/pipeline/pipeline-result.js';
import { passOf } from '../run/rule-pass.js';
import { kernelsOf } from '../runtime/kernels-of.js';
import { compareTensors, expectBytes, type NamedTensors } from './compare-tensors.js';
import { expectEqual } from './expect-equal.js';
import { randomFeeds, runBytes } from './run-bytes.js';

/** A model, and what a pass is to make of it. */
export interface PassCase {
  readonly before: Model;
  /** The printed result: as text (indented as one likes), or as the model it prints like. */
  readonly after?: string | Model;
  /** Nodes of the result by op, where the whole picture says less. */
  readonly ops?: Readonly<Record<string, number>>;
  /** Largest difference of any output from the original, relative to the output's largest magnitude. 0: bit for bit. */
  readonly within: number;
  /** Inputs by name; those left out are seeded random numbers. */
  readonly feeds?: NamedTensors;
  /** Sizes of named dims for the random inputs; 2 where not given. */
  readonly dims?: Readonly<Record<string, number>>;
  /** Default cpu. */
  readonly target?: TargetName;
  /** False for a pass that exists to change inputs or outputs; the numbers are then the test's to compare. */
  readonly keepsInterface?: boolean;
  /** False where the machine that tests has no provider for the target: the numbers are not compared. */
  readonly runs?: boolean;
}

/** A model that a pass is to leave as it is. */
export interface MissCase {
  readonly before: Model;
  /** One of the reasons that the report gives holds this. */
  readonly reason: string | RegExp;
  /** Default cpu. */
  readonly target?: TargetName;
}

/** The result of a pass, and what the report says of it. */
export interface CheckedPass {
  readonly model: Model;
  readonly result: PassResult;
}

/** Runs one pass as the pipeline does, without verification. */
export const applyPass = (pass: Pass, model: Model, target: TargetName = 'cpu'): Promise<PipelineResult> =>
  applyPasses([pass], model, target);

/** Runs passes one after another as the pipeline does, without verification. `regional`: as the option of `optimize`. */
export const applyPasses = async (
  passes: readonly Pass[],
  model: Model,
  target: TargetName = 'cpu',
  regional?: boolean,
): Promise<PipelineResult> =>
  runPipeline(model, passes, {
    ...(await kernelsOf(target)),
    regional,
    evaluate: async (one) => (await import('../runtime/evaluate.js')).evaluateModel(one),
  });

/**
 * Checks a pass, or a rule as a pass, on a model: the input stays untouched; the result passes the invariants, loads, reads back as it
 * was written, keeps the interface, and gives the same outputs as onnxruntime without its own optimizations computes them; a second run
 * changes nothing. Throws an Error that shows what differs.
 */
export async function checkPass(subject: Pass | Rule | RuleSet, { before, ...rest }: PassCase): Promise<CheckedPass> {
  const pass = passIn(subject);
  const written = await writeModel(before);
  const { revision } = before;
  const { model, passes } = await applyPass(pass, before, rest.target);
  const result = passes[0] as PassResult;
  await expectEqual('the input is untouched', before.revision, revision);
  expectBytes('the input is untouched', await writeModel(before), written);
  if (rest.after !== undefined) {
    const after = typeof rest.after === 'string' ? rest.after : printModel(rest.after);
    await expectEqual('the printed result', dedent(printModel(model)), dedent(after));
  }
  if (rest.ops) await expectEqual('nodes by op', sorted(opCounts(model)), sorted(rest.ops), leftText(result));

  const again = await applyPass(pass, model, rest.target);
  await expectEqual('a second run changes nothing', printModel(again.model), printModel(model));
  await expectEqual('a second run changes nothing', again.passes[0]?.status, 'unchanged');

  const bytes = await writeModel(model);
  if (rest.keepsInterface !== false) {
    const original = await readModel(written);
    const kept = interfaceOf(await readModel(bytes), original);
    await expectEqual('the interface stays', kept, interfaceOf(original, original));
  }
  expectBytes('the result reads back as it was written', await writeModel(await readModel(bytes)), bytes);
  if (rest.runs !== false && rest.keepsInterface !== false) {
    const feeds = { ...randomFeeds(before, rest.dims), ...rest.feeds };
    compareTensors(await runBytes(bytes, feeds), await runBytes(written, feeds), rest.within);
  }
  return { model, result };
}

/** Checks that a pass, or a rule as a pass, leaves a model as it is, and the reason it gives. Throws an Error that shows what differs. */
export async function checkMiss(subject: Pass | Rule | RuleSet, { before, reason, target }: MissCase): Promise<void> {
  const { passes } = await applyPass(passIn(subject), before, target);
  const [{ status, skips, name }] = passes as readonly [PassResult];
  if (status !== 'unchanged') throw new Error(`${name}: expected it to leave the model as it is; found it ${status}`);
  const says = (text: string) => (typeof reason === 'string' ? text.includes(reason) : reason.test(text));
  if (skips.some((skip) => says(skip.reason))) return;
  const reasons = skips.map((skip) => skip.reason).join(' | ');
  throw new Error(`${name}: expected a reason with ${reason}; found ${reasons || 'none'}`);
}

function passIn(subject: Pass | Rule | RuleSet): Pass {
  if (isPass(subject)) return subject;
  if (typeof subject === 'function')
    throw new UsageError('checkPass: expected a pass or a rule; found a factory that was not called');
  return passOf(subject as Rule | RuleSet)();
}

/** Why places were left alone; empty where none was. */
function leftText({ skips, status }: PassResult): string {
  if (skips.length > 0) return `Left alone: ${skips.map((skip) => skip.reason).join(' | ')}`;
  return status === 'unchanged' ? 'No place looked like one' : '';
}

/** How many nodes of each op there are, over every scope; `domain.Op` outside ai.onnx. */
export const opCounts = (model: Model): Readonly<Record<string, number>> => summarize(model).ops;

const sorted = (counts: Readonly<Record<string, number>>) => Object.fromEntries(Object.entries(counts).sort());

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
  const shared = minOf(indents);
  return lines.map((line) => line.slice(shared).trimEnd()).join('\n');
}
