/** Tells whether an output carries a signal: an error shows only against one. */

import { under } from '../../ir/collections/named.js';
import type { Model } from '../../ir/model.js';
import { numbersOf } from '../../ir/tensors/numbers.js';
import { numberText } from '../../ir/text/quantities.js';
import { isFloat } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';
import type { TensorData } from '../../runtime/isolate.js';
import { fromTensorData } from '../../runtime/tensor-data.js';
import { originOf } from '../meaning/origin.js';
import type { OutputAccuracy } from './accuracy.js';
import { broken, FLOOR, type Gate } from './gates.js';

export interface SignalOptions {
  /** True for an output that the graph makes constant: equality is then all there is to prove. */
  readonly isFixed?: boolean;
  /**
   * True for an output of a sigmoid, a softmax or a tanh: 0 and 1 are its ends. Elsewhere they come from a comparison.
   */
  readonly isSquashed?: boolean;
  /** The original on moved inputs against the original, the worst of all runs, and the gate for it. */
  readonly noise?: OutputAccuracy | undefined;
  readonly gate?: Gate | undefined;
}

/** This many elements that are not saturated are enough of a signal, however many others there are. */
const ENOUGH = 64;

/** The same limit as a share: one in a thousand. */
const RARE = 1e-3;

/**
 * The reason, in words, that an output proves nothing over all runs of the original; undefined where it carries a
 * signal.
 */
export function signalOf(runs: readonly TensorData[], options: SignalOptions = {}): string | undefined {
  const [first] = runs;
  if (!first) return 'it was never computed';
  if (runs.every(({ shape }) => shape.includes(0))) return 'it has no elements';
  if (!(first.data instanceof Uint8Array)) return undefined;
  const seen = new ElementProperties();
  for (const run of runs) {
    // Logits of all runs together may not fit into memory.
    seen.add(numbersOf(fromTensorData(run)));
    if (seen.isEnough) break;
  }
  if (!seen.hasFinite) return 'every element is NaN or infinite';
  if (options.isFixed) return undefined;
  if (seen.isSame) return `every element is ${Number(seen.first?.toPrecision(6))} in every run`;
  if (!isFloat(first.type)) return undefined;
  if (seen.largest <= FLOOR) return `every value is below ${FLOOR}, where rounding cannot be told from an error`;
  return seen.saturation(options.isSquashed) ?? chaos(options);
}

/** The common properties of the elements of some runs. */
class ElementProperties {
  first: number | undefined;
  hasFinite = false;
  largest = 0;
  #isOne = true;
  #count = 0;
  /** Elements that are neither -1, 0 nor 1, nor next to them. */
  #inner = 0;
  #isWhole = true;
  #hasNegative = false;

  add(numbers: Float64Array): void {
    this.first ??= numbers[0];
    this.#count += numbers.length;
    for (const x of numbers) {
      if (x !== this.first) this.#isOne = false;
      if (Number.isFinite(x)) this.hasFinite = true;
      const size = Math.abs(x);
      if (size > this.largest) this.largest = size;
      if (size > FLOOR && !(Math.abs(size - 1) <= FLOOR)) this.#inner++;
      if (!Number.isInteger(x)) this.#isWhole = false;
      if (x < -FLOOR) this.#hasNegative = true;
    }
  }

  /**
   * True where all elements are equal. A single element of a single run cannot be told from a constant, so it counts as
   * a signal.
   */
  get isSame(): boolean {
    return this.#isOne && this.#count > 1;
  }

  /** Further runs change nothing. */
  get isEnough(): boolean {
    return this.hasFinite && !this.#isOne && this.largest > FLOOR && this.#inner >= ENOUGH;
  }

  /**
   * Tells of an output with nearly all elements at the ends of a sigmoid, a softmax or a tanh: these hide the numbers
   * before them.
   */
  saturation(isSquashed = false): string | undefined {
    const [count, inner] = [this.#count, this.#inner];
    if (this.largest > 1 + FLOOR || inner >= ENOUGH || inner > RARE * count) return undefined;
    if (this.#isWhole && !isSquashed) return undefined;
    const all = inner ? `all but ${inner} of ${count} elements are` : 'every element is';
    return `${all} within ${FLOOR} of ${this.#hasNegative ? '-1, 0 or 1' : '0 or 1'} in every run`;
  }
}

function chaos({ noise, gate }: SignalOptions): string | undefined {
  if (!noise || !gate || noise.maxAbs <= FLOOR || !broken(noise, gate).length) return undefined;
  return `it moves by ${numberText(noise.relativeL2)} when the inputs move by one unit in the last place`;
}

const squashers = /^(Sigmoid|HardSigmoid|Softmax|Tanh|Erf|Clip)$/;

/** The outputs that prove nothing, with the reason: `runs` are those of the original, `noise` the worst over them. */
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
    const given = runs.flatMap((run) => under(run, name) ?? []);
    const isSquashed = squashers.test(originOf(outputs[index])?.opType ?? '');
    const reason = signalOf(given, { isFixed: fixed.has(name), isSquashed, noise: noise.get(name), gate });
    if (given.length && reason !== undefined) found.set(name, reason);
  }
  return found;
}

/** The outputs that neither an input nor a random number reaches: the model keeps them as constants. */
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
      // A value that a body reads affects the outputs of the body's owner.
      for (let owner = node.graph.owner; owner; owner = owner.graph.owner)
        for (const output of owner.outputs) reach(output);
    }
  const { outputPorts, outputs } = model.graph;
  return new Set(outputPorts.filter((_, index) => !reached.has(outputs[index] as Value)).map(({ name }) => name));
}
