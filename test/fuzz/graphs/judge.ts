/** What is wrong with a result, in words; undefined where nothing is. */
import { optimize } from '../../../src/index.js';
import type { Model } from '../../../src/ir/model.js';
import { printModel } from '../../../src/ir/whole-model/print.js';
import { summarize } from '../../../src/ir/whole-model/summary.js';
import { writeModel } from '../../../src/onnx/write.js';
import { parsePasses } from '../../../src/run/parse.js';
import type { Report } from '../../../src/run/report/report.js';
import type { RuntimeProcess } from '../../../src/runtime/isolate.js';
import type { Tensors } from '../../../src/runtime/protocol.js';
import { builtIn } from '../../../src/settings/plugins.js';
import { compareTensors } from '../../../src/validate/judge/accuracy.js';
import { attainable, gateOf, violations } from '../../../src/validate/judge/gates.js';
import { differenceOf, type Outputs } from './difference.js';
import { ORDINARY } from './feeds.js';
import type { List } from './lists.js';
import { type Original, outputsOf, shakenOf } from './original.js';
import { COARSE } from './shake.js';

export async function exactDifference(
  runtime: RuntimeProcess,
  original: Original,
  index: number,
  given: Outputs,
): Promise<string | undefined> {
  const expected = original.outputs[index] as Outputs;
  if (!differenceOf(expected, given, [])) return undefined;
  const difference = differenceOf(expected, given, (await shakenOf(runtime, original))[index] ?? []);
  return difference && `"${difference.output}" ${difference.text}`;
}

/** What breaks the gate of a list, where the default verification keeps it. Odd numbers have no gate: they must run alone. */
export async function lossyDifference(
  runtime: RuntimeProcess,
  original: Original,
  index: number,
  given: Outputs,
  list: List,
): Promise<string | undefined> {
  const expected = original.outputs[index] as Outputs;
  const isOdd = index >= ORDINARY;
  const fidelity = attainable(
    list.passes.includes('int8') || list.passes.includes('quarter') ? 'lossy' : 'rounding',
    original.model,
  );
  for (const [name, wanted] of Object.entries(expected)) {
    const one = given[name];
    if (!one) return `"${name}" is missing`;
    if (wanted.type !== one.type) return `"${name}" expected ${wanted.type}; found ${one.type}`;
    if (isOdd || String(wanted.shape) !== String(one.shape)) continue;
    const accuracy = compareTensors(name, wanted, one);
    const broken = violations(accuracy, gateOf(fidelity, 'cpu'));
    if (broken.length === 0) continue;
    const { model, report } = await optimize(original.model, list.passes, { target: 'cpu', onGate: 'report' });
    if (
      report.gates.some(({ passed }) => !passed) ||
      report.passes.some(({ status, takenBack }) => status === 'rolled back' || takenBack)
    )
      return undefined;
    const [verified] = await outputsOf(runtime, await writeModel(model), [original.feeds[index] as Tensors]);
    if (typeof verified === 'string') return `verified, it does not run: ${verified}`;
    const kept = violations(compareTensors(name, wanted, verified?.[name] ?? one), gateOf(fidelity, 'cpu'));
    const moved = (await shakenOf(runtime, original, COARSE))[index] ?? [];
    const isCertain = differenceOf({ [name]: wanted }, { [name]: one }, moved) !== undefined;
    // The verifier has other inputs: a little beyond the gate is their luck.
    if (kept.length === 0 || accuracy.relativeL2 < 0.3 || !isCertain) return undefined;
    return `"${name}" ${kept.join(', ')}, and the default verification accepts it`;
  }
  return undefined;
}

/** What does not add up in a report; undefined where all does. */
export function inconsistency({ passes, model: { before, after } }: Report, model: Model): string | undefined {
  let nodes = before.nodes;
  for (const pass of passes) {
    if (pass.nodes.before !== nodes)
      return `${pass.name}: nodes before ${pass.nodes.before}, the pass before left ${nodes}`;
    const changed = Object.values(pass.ops).reduce((sum, count) => sum + count, 0);
    if (pass.nodes.after - pass.nodes.before !== changed)
      return `${pass.name}: ${pass.nodes.before} nodes to ${pass.nodes.after}, by op ${changed}`;
    nodes = pass.nodes.after;
  }
  if (nodes !== after.nodes) return `${after.nodes} nodes after, the last pass left ${nodes}`;
  const real = summarize(model).nodes;
  return real === after.nodes ? undefined : `${after.nodes} nodes after, the model has ${real}`;
}

/** The pass of the list that changes its own result; of a list what a later pass leaves is the first one's to clean up. */
export async function changedTwice(model: Model, { passes }: List): Promise<string | undefined> {
  let before = model;
  for (const pass of parsePasses(passes, builtIn)) {
    const once = await optimize(before, [pass], { verify: 'none', target: 'cpu' });
    const again = await optimize(once.model, [pass], { verify: 'none', target: 'cpu' });
    const [first, second] = [once, again].map(({ model }) => contentOf(model));
    if (first !== second)
      return `${pass.definition.name}, run on its own result, changes it: ${JSON.stringify(again.report.passes[0]?.ops)}`;
    before = once.model;
  }
  return undefined;
}

/** The printed model without what says nothing: repeats that are stamped out again stand in another order, equal constants have each other's names. */
function contentOf(model: Model): string {
  const lines = printModel(model).split('\n');
  const constants = new Map<string, string>();
  for (const line of lines) {
    const [, name, text] = /^ *(%\S+) = (.*\{.*\})$/.exec(line) ?? [];
    if (name && text) constants.set(name, text);
  }
  return lines
    .map((line) => line.replaceAll(/%[^\s,:)]+/g, (name) => constants.get(name) ?? name))
    .sort()
    .join('\n');
}

/** What the runtime says against a result that the default verification gives; whether it keeps the passes is its own matter. */
export async function verified(
  runtime: RuntimeProcess,
  original: Original,
  { passes }: List,
): Promise<string | undefined> {
  const { model } = await optimize(original.model, passes, { target: 'cpu', onGate: 'report' });
  const runs = original.outputs.flatMap((one, index) =>
    one && index < ORDINARY ? [original.feeds[index] as Tensors] : [],
  );
  const found = await outputsOf(runtime, await writeModel(model), runs);
  return found.find((one) => typeof one === 'string') as string | undefined;
}

/** Equal where the bytes are. */
export const keyOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
