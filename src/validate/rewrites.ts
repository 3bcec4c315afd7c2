/**
 * Runs both sides of a cut-out on the same inputs: at two sizes of every dim, with masks that have holes and fully
 * masked rows.
 */

import { maxOf } from '../ir/collections/lists.js';
import { named, under } from '../ir/collections/named.js';
import type { Dim, SymbolName } from '../ir/dims/dims.js';
import { type DimRange, isWithin, nearestIn } from '../ir/dims/range.js';
import { substitute } from '../ir/dims/substitute.js';
import { rangesIn, symbolsOf } from '../ir/dims/symbols.js';
import type { Model } from '../ir/model.js';
import { numbersOf, tensorOf } from '../ir/tensors/numbers.js';
import type { Value } from '../ir/value.js';
import type { CutOut } from '../run/verify/cut-out.js';
import type { Verdict } from '../run/verify/verifier.js';
import { type Provider, RuntimeError, type RuntimeProcess, type TensorData, type Tensors } from '../runtime/isolate.js';
import { runLimitsOf } from '../runtime/limits.js';
import { fromTensorData, toTensorData } from '../runtime/tensor-data.js';
import { writtenOut } from './emulate/expand.js';
import { type MaskPattern, makeFeeds } from './inputs/feeds.js';
import { compareTensors, mismatchOf, type OutputAccuracy, worstOf } from './judge/accuracy.js';
import { type Gate, summaryOf, unproven, violations } from './judge/gates.js';
import { lacksKernel } from './proof.js';
import { type Form, formText, loadInForm } from './sides/forms.js';
import { prepareModel } from './sides/prepared-model.js';

/**
 * Sizes in the order in which symbols appear. All sizes of a choice differ; no symbol, and no sum of two of the first
 * five, has the same size in both choices.
 */
const choices: readonly (readonly number[])[] = [
  [2, 5, 3, 7, 4, 9, 11, 13],
  [3, 6, 4, 2, 8, 5, 10, 12],
];
/** A third symbol may be the sum of two others; these are looked for among this many. */
const SUMMED = 5;
/** A dim such as (h − 1)/8 is no whole number at small sizes: all sizes are multiplied until every dim is whole. */
const multiples = [1, 8, 16, 64];
const variants: readonly MaskPattern[] = ['holes', 'rows'];

/** The verdict on a cut-out. `unknown` where the side before does not run either. */
export async function compareRewrite(
  cut: CutOut,
  runtime: RuntimeProcess,
  provider: Provider,
  gate: Gate,
  seed: number,
): Promise<Verdict> {
  runtime.limits = runLimitsOf(cut.before);
  const before = await loaded(cut.before, runtime, provider, 'plain');
  if (typeof before === 'string') return unknown(`what it replaces does not run alone: ${before}`);
  const made = await expectedOf(cut, before, seed).finally(() => before.release());
  if (typeof made === 'string') return unknown(made);
  const verdict = await verdictOn(cut.after, made, runtime, provider, gate, 'plain');
  if (verdict.outcome === 'rejected') return verdict;
  const emulated = await verdictOn(cut.after, made, runtime, provider, gate, 'emulated');
  if (emulated.outcome !== 'rejected') return verdict;
  // An effect of the target's arithmetic on the side before is no fault of the rewrite.
  const own = await verdictOn(cut.before, made, runtime, provider, gate, 'emulated');
  return own.outcome === 'rejected' ? verdict : { ...emulated, detail: `${formText.emulated}: ${emulated.detail}` };
}

/** The verdict on one side in one form of arithmetic, over all feeds, against the outputs of the side before. */
async function verdictOn(
  model: Model,
  { feeds, expected }: Expected,
  runtime: RuntimeProcess,
  provider: Provider,
  gate: Gate,
  form: Form,
): Promise<Verdict> {
  const side = await loaded(model, runtime, provider, form);
  if (side === undefined) return unknown('in this form of arithmetic it computes nothing differently');
  const found = typeof side === 'string' ? side : await side.run(feeds).finally(() => side.release());
  if (typeof found === 'string') return { outcome: 'rejected', detail: found };
  const worst = new Map<string, OutputAccuracy>();
  for (const [run, outputs] of expected.entries())
    for (const [name, original] of Object.entries(outputs)) {
      const result = under(found[run], name);
      const mismatch = result ? mismatchOf(original, result) : 'no such output';
      if (!result || mismatch) return { outcome: 'rejected', detail: `"${name}": ${mismatch}` };
      const measured = compareTensors(name, original, result);
      const known = worst.get(name);
      worst.set(name, known ? worstOf(known, measured) : measured);
    }
  const outputs = [...worst.values()];
  const broken = outputs.flatMap((output) => violations(output, gate));
  if (broken.length) return { outcome: 'rejected', detail: broken.join('; ') };
  const open = outputs.map((output) => unproven(output, gate)).find((reason) => reason !== undefined);
  if (open) return unknown(open);
  const errors = outputs.map(({ relativeL2 }) => relativeL2);
  return { outcome: 'accepted', detail: summaryOf(outputs, gate), ...(errors.length && { error: maxOf(errors) }) };
}

const unknown = (detail: string): Verdict => ({ outcome: 'unknown', detail });

/** A side that is loaded once for all its feeds. */
interface Loaded {
  /** The outputs for each set of feeds; or, in words, the reason that one does not run. */
  run(feeds: readonly Tensors[]): Promise<readonly Tensors[] | string>;
  release(): Promise<void>;
}

async function loaded(
  model: Model,
  runtime: RuntimeProcess,
  provider: Provider,
  form: 'plain',
): Promise<Loaded | string>;
async function loaded(
  model: Model,
  runtime: RuntimeProcess,
  provider: Provider,
  form: Form,
): Promise<Loaded | string | undefined>;
/**
 * Loads a side in a form of arithmetic; or gives, in words, the reason that it does not load. Undefined where the form
 * changes nothing.
 */
async function loaded(
  model: Model,
  runtime: RuntimeProcess,
  provider: Provider,
  form: Form,
): Promise<Loaded | string | undefined> {
  const names = model.graph.inputs.map(({ name }) => name);
  const prepared = await prepareModel(model);
  try {
    const side = await loadInForm(runtime, prepared, provider, form);
    if (!side) return undefined;
    const run = async (feeds: readonly Tensors[]) => {
      const runs: Tensors[] = [];
      for (const tensors of feeds)
        runs.push(await side.run(Object.fromEntries(names.map((name) => [name, tensors[name] as TensorData]))));
      return runs;
    };
    return { run: (feeds) => run(feeds).catch(messageOf), release: () => side.release() };
  } catch (error) {
    const message = messageOf(error);
    const ordinary = form === 'plain' && lacksKernel.test(message) ? writtenOut(model) : undefined;
    return ordinary ? loaded(ordinary, runtime, provider, form) : message;
  } finally {
    prepared.close();
  }
}

/** The runtime's message. Throws other errors on, and also a killed process: that tells nothing of the model. */
function messageOf(error: unknown): string {
  if (error instanceof RuntimeError && error.kind !== 'killed') return error.message;
  throw error;
}

/** Feeds, with the outputs of the side before. */
interface Expected {
  readonly feeds: readonly Tensors[];
  readonly expected: readonly Tensors[];
}

/** The outputs of the side before on feeds that it runs on; or, in words, the reason that there are none. */
async function expectedOf(cut: CutOut, before: Loaded, seed: number): Promise<Expected | string> {
  let first: string | undefined;
  for (const sum of [undefined, ...sumsIn(cut)]) {
    const feeds: Tensors[] = [];
    try {
      for (const choice of choices)
        for (const variant of variants) feeds.push(feedsOf(cut, { choice, sum }, variant, seed + feeds.length));
      const [first] = feeds;
      if (first) feeds.push(steeper(cut, first));
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof RuntimeError)) throw error;
      first ??= `no inputs can be made up for it: ${error.message}`;
      continue;
    }
    const expected = await before.run(feeds);
    if (typeof expected !== 'string') return { feeds, expected };
    first ??= `what it replaces does not run alone: ${expected}`;
  }
  return first as string;
}

/** Operands this many times larger bring attention scores past 16, where a weight vanishes in 16 bits. */
const STEEP = 4;

/** The same feeds with larger operands. Masks stay as they are. */
function steeper({ before }: CutOut, feeds: Tensors): Tensors {
  const isOperand = ({ name, elem }: Value): boolean => elem === 'float32' && name.startsWith('operand_');
  const names = new Set(before.graph.inputs.filter(isOperand).map(({ name }) => name));
  return Object.fromEntries(
    Object.entries(feeds).map(([name, given]) => {
      if (!names.has(name)) return [name, given];
      const numbers = numbersOf(fromTensorData(given)).map((number) => number * STEEP);
      return [name, toTensorData(tensorOf('float32', numbers, given.shape))];
    }),
  );
}

/**
 * A symbol that is the sum of two others, all by their index: a mask is as long as the past and the new tokens
 * together, and the file does not say so.
 */
type SymbolSum = readonly [total: number, a: number, b: number];

interface Sizing {
  readonly choice: readonly number[];
  readonly sum: SymbolSum | undefined;
}

function* sumsIn({ before, contents }: CutOut): Iterable<SymbolSum> {
  const count = Math.min(symbolsIn(before.graph.inputs, contents).length, SUMMED);
  for (let total = 0; total < count; total++)
    for (let a = 0; a < count; a++)
      for (let b = a + 1; b < count; b++) if (a !== total && b !== total) yield [total, a, b];
}

function symbolsIn(inputs: readonly Value[], contents: ReadonlyMap<string, readonly Dim[]>): readonly SymbolName[] {
  const dims = inputs.flatMap((input) => input.shape ?? []);
  return [...new Set([...dims, ...[...contents.values()].flat()].flatMap(symbolsOf))];
}

function feedsOf({ before, after, contents }: CutOut, sizing: Sizing, variant: MaskPattern, seed: number): Tensors {
  const sizes = sizesOf(before.graph.inputs, contents, sizing);
  const shapeOf = (input: Value): number[] => (input.shape ?? []).map(sizes);
  const shapes = Object.fromEntries(before.graph.inputs.map((input) => [input.name, shapeOf(input)]));
  const tensors = named(Object.entries(makeFeeds(before, { shapes, seed, variant }).tensors));
  // Each side has its own copy of the shape arithmetic.
  for (const input of [...before.graph.inputs, ...after.graph.inputs]) {
    const dims = contents.get(input.name);
    if (dims && input.elem) tensors[input.name] = toTensorData(tensorOf(input.elem, dims.map(sizes), shapeOf(input)));
  }
  return tensors;
}

/** The size of a symbol: from the least of its range on, where it has one and its choice is not in it, so many steps as the choice says. */
function inRange(size: number, multiple: number, range: DimRange | undefined): number {
  if (!range || isWithin(size * multiple, range)) return size * multiple;
  return nearestIn(range, range.min + (size % SPREAD) * range.step);
}
/** Of a range the first sizes are taken, as they cost least. */
const SPREAD = 4;

/** The sizes of dims under a choice. Throws RangeError where no multiple of the choice makes every dim whole. */
function sizesOf(
  inputs: readonly Value[],
  contents: ReadonlyMap<string, readonly Dim[]>,
  { choice, sum }: Sizing,
): (dim: Dim) => number {
  const dims = inputs.flatMap((input) => input.shape ?? []);
  const ranges = rangesIn([...dims, ...[...contents.values()].flat()]);
  const sizes = symbolsIn(inputs, contents).map((name, i): [SymbolName, number] => [
    name,
    (choice[i % choice.length] as number) + Math.floor(i / choice.length),
  ]);
  const [total, ...addends] = (sum ?? []).map((index) => sizes[index]);
  if (total) total[1] = addends.reduce((size, one) => size + (one?.[1] ?? 0), 0);
  for (const multiple of multiples) {
    const bindings = new Map<SymbolName, Dim>(
      sizes.map(([name, size]) => [name, inRange(size, multiple, ranges.get(name))]),
    );
    const sizeOf = (dim: Dim): number => Number(substitute(dim, bindings));
    if (dims.every((dim) => sizeOf(dim) > 0)) return sizeOf;
  }
  throw new RangeError('no small sizes make all its dims positive');
}
