/** Whether an output says something: an error counts against that, and beside nothing it cannot be seen. */
import type { Model } from '../ir/model.js';
import { numbersOf } from '../ir/numbers.js';
import { isFloat } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import type { TensorData } from '../runtime/isolate.js';
import { fromTensorData } from '../runtime/tensor-data.js';
import type { OutputAccuracy } from './accuracy.js';
import { broken, FLOOR, type Gate } from './gates.js';
import { originOf } from './origin.js';

export interface SignalOptions {
  /** True for an output that is constant by the graph: then being equal is all there is to prove. */
  readonly isFixed?: boolean;
  /** True for what a sigmoid, a softmax or a tanh gives: there 0 and 1 are ends, elsewhere they are what a comparison gives. */
  readonly isSquashed?: boolean;
  /** The original on moved inputs against the original, the worst of all runs; with the gate that it is held against. */
  readonly noise?: OutputAccuracy | undefined;
  readonly gate?: Gate | undefined;
}

/** Elements that are not saturated: as many say something, however many others there are. */
const ENOUGH = 64;

/** The same as a share: one in a thousand. */
const RARE = 1e-3;

/** Why an output proves nothing, over all runs of the original, in words; undefined where it says something. */
export function signalOf(runs: readonly TensorData[], options: SignalOptions = {}): string | undefined {
  const [first] = runs;
  if (!first) return 'it was never computed';
  const isText = runs.some(({ data }) => !(data instanceof Uint8Array));
  const lists = isText ? [] : runs.map((run) => numbersOf(fromTensorData(run)));
  return (
    emptiness(runs, lists) ??
    (options.isFixed ? undefined : sameness(lists)) ??
    (isFloat(first.type)
      ? (nearZero(lists, options.isFixed) ?? saturation(lists, options.isSquashed) ?? chaos(options))
      : undefined)
  );
}

function emptiness(runs: readonly TensorData[], lists: readonly Float64Array[]): string | undefined {
  if (runs.every(({ shape }) => shape.includes(0))) return 'it has no elements';
  if (!lists.length || lists.some((list) => list.some(Number.isFinite))) return undefined;
  return 'every element is NaN or infinite';
}

/** One element of one run cannot be told from a constant: it counts as something. */
function sameness(lists: readonly Float64Array[]): string | undefined {
  const value = lists.find((list) => list.length)?.[0];
  const count = lists.reduce((sum, { length }) => sum + length, 0);
  if (value === undefined || count < 2 || !lists.every((list) => list.every((x) => x === value))) return undefined;
  return `every element is ${Number(value.toPrecision(6))} in every run`;
}

function nearZero(lists: readonly Float64Array[], isFixed = false): string | undefined {
  const isSmall = (x: number): boolean => Math.abs(x) <= FLOOR;
  if (isFixed || !lists.every((list) => list.every(isSmall))) return undefined;
  return `every value is below ${FLOOR}, where rounding cannot be told from an error`;
}

/** Nearly all elements at the ends of a sigmoid, a softmax or a tanh, which hide what was before them. */
function saturation(lists: readonly Float64Array[], isSquashed = false): string | undefined {
  let count = 0;
  let inner = 0;
  let isWhole = true;
  let isNegative = false;
  for (const list of lists)
    for (const x of list) {
      count++;
      const size = Math.abs(x);
      if (size > 1 + FLOOR) return undefined;
      if (size > FLOOR && size < 1 - FLOOR && ++inner >= ENOUGH) return undefined;
      if (!Number.isInteger(x)) isWhole = false;
      if (x < -FLOOR) isNegative = true;
    }
  if ((isWhole && !isSquashed) || inner > RARE * count) return undefined;
  const all = inner ? `all but ${inner} of ${count} elements are` : 'every element is';
  return `${all} within ${FLOOR} of ${isNegative ? '-1, 0 or 1' : '0 or 1'} in every run`;
}

function chaos({ noise, gate }: SignalOptions): string | undefined {
  if (!noise || !gate || noise.maxAbs <= FLOOR || !broken(noise, gate).length) return undefined;
  return `it moves by ${noise.relativeL2.toPrecision(2)} when the inputs move by one unit in the last place`;
}

const squashers = /^(Sigmoid|HardSigmoid|Softmax|Tanh|Erf|Clip)$/;

/** The outputs that prove nothing, and why: `runs` are those of the original, `noise` the worst over them. */
export function signalsOf(
  model: Model,
  runs: readonly Readonly<Record<string, TensorData>>[],
  noise: ReadonlyMap<string, OutputAccuracy> = new Map(),
  gate?: Gate,
): ReadonlyMap<string, string> {
  const fixed = fixedOutputs(model);
  const { outputPorts, outputs } = model.graph;
  const found = new Map<string, string>();
  for (const [index, { name }] of outputPorts.entries()) {
    const given = runs.flatMap((run) => run[name] ?? []);
    const isSquashed = squashers.test(originOf(outputs[index])?.opType ?? '');
    const reason = signalOf(given, { isFixed: fixed.has(name), isSquashed, noise: noise.get(name), gate });
    if (given.length && reason !== undefined) found.set(name, reason);
  }
  return found;
}

/** The outputs that no input reaches and nothing random: those that a model keeps as constants. */
function fixedOutputs(model: Model): ReadonlySet<string> {
  const reached = new Set<Value>(model.graph.inputs.filter(({ tensor }) => !tensor));
  for (const graph of model.graphs())
    for (const node of graph.nodeSet)
      if (/^(Random|Bernoulli|Multinomial)/.test(node.opType)) for (const output of node.outputs) reach(output);
  function reach(value: Value | undefined): void {
    if (value) reached.add(value);
  }
  // A set goes on with what is added while it is walked.
  for (const value of reached)
    for (const { node } of value.uses) {
      for (const output of node.outputs) reach(output);
      // What a body reads decides what its owner gives.
      for (let owner = node.graph.owner; owner; owner = owner.graph.owner)
        for (const output of owner.outputs) reach(output);
    }
  const { outputPorts, outputs } = model.graph;
  return new Set(outputPorts.filter((_, index) => !reached.has(outputs[index] as Value)).map(({ name }) => name));
}
