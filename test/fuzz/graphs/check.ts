/**
 * One graph through its lists of passes, each result beside the original in onnxruntime with its own optimizations off.
 *
 * Passes run unverified, so that the verifier hides nothing. Of a list that rounds or quantizes, a result beyond its gate is a finding
 * where the default verification lets it through.
 */
import { inferTypes, optimize } from '../../../src/index.js';
import type { Model } from '../../../src/ir/model.js';
import { readModel } from '../../../src/onnx/read.js';
import { writeModel } from '../../../src/onnx/write.js';
import { builtIn } from '../../../src/optimize.js';
import { parsePasses } from '../../../src/run/parse.js';
import type { Report } from '../../../src/run/report.js';
import { summarize } from '../../../src/run/summary.js';
import type { RuntimeProcess } from '../../../src/runtime/isolate.js';
import type { Tensors } from '../../../src/runtime/protocol.js';
import { compareTensors } from '../../../src/validate/judge/accuracy.js';
import { attainable, gateOf, violations } from '../../../src/validate/judge/gates.js';
import { differenceOf, type Outputs } from './difference.js';
import { feedsFor, ODD, ORDINARY } from './feeds.js';
import { isPlain, type List } from './lists.js';
import { COARSE, shake } from './shake.js';

export type FindingKind = 'crash' | 'refused' | 'wrong' | 'gate' | 'twice' | 'written' | 'differs' | 'report';

export interface Finding {
  readonly kind: FindingKind;
  readonly passes: string;
  readonly text: string;
}

export interface Original {
  readonly model: Model;
  readonly bytes: Uint8Array;
  readonly feeds: readonly Tensors[];
  /** Undefined where the runtime refuses these inputs. */
  readonly outputs: readonly (Outputs | undefined)[];
  /** What it gives under shaking, by coarseness: found out where it is asked for. */
  readonly shaken: Map<number, readonly (readonly Outputs[])[]>;
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The outputs of a model on each set of inputs; the runtime's words where it does not load. */
export async function outputsOf(
  runtime: RuntimeProcess,
  bytes: Uint8Array,
  feeds: readonly Tensors[],
): Promise<(Outputs | string)[]> {
  let session: Awaited<ReturnType<RuntimeProcess['load']>>;
  try {
    session = await runtime.load(bytes, { provider: 'cpu', threads: 1 });
  } catch (error) {
    return feeds.map(() => textOf(error));
  }
  const found: (Outputs | string)[] = [];
  for (const one of feeds) found.push(await session.run(one).then(({ outputs }) => outputs, textOf));
  await session.release();
  return found;
}

/** The graph as a file has it, and what the runtime gives; its words where it refuses the graph. */
export async function originalOf(runtime: RuntimeProcess, drawn: Model, seed: number): Promise<Original | string> {
  const bytes = await writeModel(drawn);
  const model = await readModel(bytes);
  const feeds = feedsFor(model, seed);
  const found = await outputsOf(runtime, bytes, feeds);
  const outputs = found.map((one) => (typeof one === 'string' ? undefined : one));
  const [first] = found;
  if (outputs.every((one) => one === undefined)) return typeof first === 'string' ? first : '';
  return { model, bytes, feeds, outputs, shaken: new Map() };
}

/** How much is checked besides: `isThorough` runs each list a second time and on its own result. */
export async function findingsOf(
  runtime: RuntimeProcess,
  original: Original,
  lists: readonly List[],
  isThorough = false,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const seen = new Set<string>([keyOf(original.bytes)]);
  for (const list of lists) findings.push(...(await checkList(runtime, original, list, seen, isThorough)));
  return findings;
}

/** Odd numbers have no gate, and wild ones are for passes that edit no arithmetic; they must run in any case. */
const limitOf = (list: List): number => (isPlain(list) ? Number.POSITIVE_INFINITY : ODD);

const keyOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

async function checkList(
  runtime: RuntimeProcess,
  original: Original,
  list: List,
  seen: Set<string>,
  isThorough: boolean,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const say = (kind: FindingKind, text: string): unknown => findings.push({ kind, passes: list.passes, text });
  const apply = (model: Model) => optimize(model, list.passes, { verify: 'none', target: 'cpu' });
  let bytes: Uint8Array;
  let result: { model: Model; report: Report };
  try {
    result = await apply(original.model);
    bytes = await writeModel(result.model);
  } catch (error) {
    return [
      {
        kind: 'crash',
        passes: list.passes,
        text:
          error instanceof Error
            ? `${error.name}: ${error.message}\n${error.stack ?? ''}\n${(error.cause as Error | undefined)?.stack ?? ''}`
            : String(error),
      },
    ];
  }
  const { report } = result;
  const totals = inconsistency(report, result.model);
  if (totals) say('report', totals);
  const key = keyOf(bytes);
  if (seen.has(key)) return findings;
  seen.add(key);
  try {
    if (keyOf(await writeModel(await readModel(bytes))) !== key) say('written', 'reads back as something else');
    if (isThorough) {
      if (keyOf(await writeModel((await apply(original.model)).model)) !== key)
        say('differs', 'a second run gives other bytes');
      const twice = await changedTwice(original.model, list);
      if (twice) say('twice', twice);
    }
  } catch (error) {
    say('crash', textOf(error));
  }
  const found = await outputsOf(runtime, bytes, original.feeds.slice(0, limitOf(list)));
  for (const [index, expected] of original.outputs.entries()) {
    const given = found[index];
    if (expected === undefined || given === undefined || index >= limitOf(list)) continue;
    if (typeof given === 'string') {
      say('refused', given);
      break;
    }
    const text = await (list.isExact
      ? exactDifference(runtime, original, index, given)
      : lossyDifference(runtime, original, index, given, list));
    if (text) {
      say(list.isExact ? 'wrong' : 'gate', `inputs ${index}: ${text}`);
      break;
    }
  }
  return findings;
}

/** The pass of the list that changes its own result; of a list what a later pass leaves is the first one's to clean up. */
async function changedTwice(model: Model, { passes }: List): Promise<string | undefined> {
  let before = model;
  for (const pass of parsePasses(passes, builtIn)) {
    const once = await optimize(before, [pass], { verify: 'none', target: 'cpu' });
    const again = await optimize(once.model, [pass], { verify: 'none', target: 'cpu' });
    if (keyOf(await writeModel(again.model)) !== keyOf(await writeModel(once.model)))
      return `${pass.definition.name}, run on its own result, changes it: ${JSON.stringify(again.report.passes[0]?.ops)}`;
    before = once.model;
  }
  return undefined;
}

async function exactDifference(
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

const SHAKES = 6;

/** The outputs of the original under shaking, by set of inputs. */
async function shakenOf(
  runtime: RuntimeProcess,
  original: Original,
  coarseness = 1,
): Promise<readonly (readonly Outputs[])[]> {
  const known = original.shaken.get(coarseness);
  if (known) return known;
  const typed = await readModel(original.bytes);
  inferTypes(typed);
  const all: Outputs[][] = original.feeds.map(() => []);
  for (let seed = 1; seed <= SHAKES; seed++) {
    const found = await outputsOf(runtime, await writeModel(shake(typed, seed, coarseness)), original.feeds);
    found.forEach((one, index) => {
      if (typeof one !== 'string') all[index]?.push(one);
    });
  }
  original.shaken.set(coarseness, all);
  return all;
}

/** What breaks the gate of a list, where the default verification keeps it. Odd numbers have no gate: they must run alone. */
async function lossyDifference(
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
function inconsistency({ passes, model: { before, after } }: Report, model: Model): string | undefined {
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
