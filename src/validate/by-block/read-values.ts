/** Reads values inside a model: runs it part by part with these values as outputs. */

import { maxOf } from '../../ir/collections/lists.js';
import { named } from '../../ir/collections/named.js';
import type { Dim, SymbolName } from '../../ir/dims/dims.js';
import { substitute } from '../../ir/dims/substitute.js';
import { nameOf } from '../../ir/dims/symbols.js';
import type { Model } from '../../ir/model.js';
import { castTensor } from '../../ir/tensors/numbers.js';
import { freeName } from '../../ir/text/free-name.js';
import { type DataType, dataTypes, isFloat, isInteger, tensorType } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';
import { cloneModel } from '../../ir/whole-model/clone.js';
import {
  type Provider,
  RuntimeError,
  type RuntimeProcess,
  type Session,
  type TensorData,
  type Tensors,
} from '../../runtime/isolate.js';
import { fromTensorData, toTensorData } from '../../runtime/tensor-data.js';
import { prepareModel } from '../sides/prepared-model.js';

/** The numbers of values, for each set of inputs. */
export type ValueNumbers = ReadonlyMap<Value, readonly TensorData[]>;

/** True for numbers that onnxruntime-node can return, through a cast where it must. */
export function canBeGiven({ type }: Value): boolean {
  if (type?.kind !== 'tensor') return false;
  const { bits, kind } = dataTypes[type.elem];
  return bits >= 8 && kind !== 'complex' && kind !== 'string';
}

/**
 * True for lists of integers. They are shapes and indices, and two models may compute the same numbers by different
 * ones.
 */
export const isShapeLike = ({ type }: Value): boolean =>
  type?.kind === 'tensor' && isInteger(type.elem) && dataTypes[type.elem].bits >= 32 && (type.shape?.length ?? 2) < 2;

/**
 * Runs a model on each set of inputs, the runtime's own optimizations off, and returns the numbers of these values.
 * Values that cannot be outputs are left out. Rejects with RuntimeError on a timeout.
 */
export async function readValues(
  runtime: RuntimeProcess,
  model: Model,
  values: readonly Value[],
  feeds: readonly Tensors[],
  provider: Provider,
): Promise<ValueNumbers> {
  try {
    return await readValuesTogether(runtime, model, values, feeds, provider);
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.kind === 'timeout') throw error;
    if (values.length <= 1) return new Map();
    // One value that cannot be returned makes the whole run fail: halving the list finds it.
    const half = values.length >> 1;
    const parts: ValueNumbers[] = [];
    for (const part of [values.slice(0, half), values.slice(half)])
      parts.push(await readValues(runtime, model, part, feeds, provider));
    return new Map(parts.flatMap((part) => [...part]));
  }
}

/** A value that is fed instead of computed, with its numbers for each set of inputs. */
export interface FedValue {
  readonly value: Value;
  readonly tensors: readonly TensorData[];
}

/**
 * Does the same for values that can be outputs, with one value fed. Rejects with RuntimeError where the model does not
 * run.
 */
export async function readValuesTogether(
  runtime: RuntimeProcess,
  model: Model,
  values: readonly Value[],
  feeds: readonly Tensors[],
  provider: Provider,
  given?: FedValue,
): Promise<ValueNumbers> {
  const held = new Map<Value, TensorData[]>();
  const { model: exposed, names } = withOutputs(model, values, given?.value);
  const prepared = await prepareModel(exposed);
  let session: Session | undefined;
  try {
    session = await runtime.load(prepared.source, { provider });
    const wanted = [...names.values()];
    for (const [at, set] of feeds.entries()) {
      const more = given && { [GIVEN]: given.tensors[at] as TensorData };
      const { outputs } = await session.run(asTaken({ ...set, ...more }, exposed), wanted);
      for (const [value, name] of names) {
        const list = held.get(value) ?? [];
        list.push(outputs[name] as TensorData);
        held.set(value, list);
      }
    }
    return held;
  } finally {
    await session?.release();
    prepared.close();
  }
}

/** The name of the input for a value that is fed. */
const GIVEN = 'given_value';

/** True for floats that the runtime neither takes nor returns: they are cast to float32 and back. */
const isOdd = (elem: DataType | undefined): boolean =>
  isFloat(elem) && elem !== 'float16' && elem !== 'float32' && elem !== 'float64';

/** A copy with these values as outputs, and the name of each; `given` becomes an input of it. */
function withOutputs(
  model: Model,
  values: readonly Value[],
  given?: Value,
): { model: Model; names: Map<Value, string> } {
  const copies = new Map<Value, Value>();
  const copy = cloneModel(model, undefined, copies);
  const { graph } = copy;
  if (given?.elem) {
    const input = graph.input(GIVEN, tensorType(isOdd(given.elem) ? 'float32' : given.elem, given.shape));
    const { code } = dataTypes[given.elem];
    const fed = isOdd(given.elem) ? graph.add('Cast', [input], { attributes: { to: code } }).output : input;
    graph.replaceUses(copies.get(given) as Value, fed);
    copies.set(given, fed);
  }
  const taken = new Set<string>([...graph.values()].map(({ name }) => name));
  const names = new Map<Value, string>();
  const ports = values.map((value) => {
    const own = copies.get(value) as Value;
    const isCast = isOdd(value.elem);
    const held = isCast ? graph.add('Cast', [own], { attributes: { to: dataTypes.float32.code } }).output : own;
    // An Identity gives the value a fresh name, so that two values of one name become two outputs.
    const name = freeName(`exposed_${names.size}`, (one) => taken.has(one));
    taken.add(name);
    names.set(value, name);
    const out = graph.add('Identity', [held], { outputs: [name] }).output;
    return { port: { name, type: isCast ? tensorType('float32') : untyped(value) }, value: out };
  });
  graph.setOutputs(ports);
  return { model: copy, names };
}

/** Only the element type is declared: a wrongly stated shape is no reason to refuse the model. */
const untyped = ({ elem }: Value) => (elem ? tensorType(elem) : undefined);

/** The inputs in the types that a model takes: a result may take narrower floats than its original. */
export function asTaken(set: Tensors, { graph }: Model): Tensors {
  const taken = named<TensorData>();
  for (const [name, tensor] of Object.entries(set)) {
    const elem = graph.inputs.find((input) => input.name === name)?.elem;
    const isCast = elem !== undefined && elem !== tensor.type && isFloat(elem) && isFloat(tensor.type);
    taken[name] = isCast ? toTensorData(castTensor(fromTensorData(tensor), elem)) : tensor;
  }
  return taken;
}

/** The bytes of a value under sizes of the symbols. An open dim counts as this many elements. */
const OPEN = 64;

export function bytesOf({ type }: Value, sizes: ReadonlyMap<SymbolName, Dim>): number {
  if (type?.kind !== 'tensor') return 0;
  const dims = (type.shape ?? []).map((dim) => substitute(dim, sizes));
  const count = dims.reduce<number>((product, dim) => product * (typeof dim === 'number' ? dim : OPEN), 1);
  return count * Math.max(1, dataTypes[type.elem].bits / 8);
}

/** The largest size of each symbol of the inputs. */
export function sizesIn({ graph }: Model, feeds: readonly Tensors[]): Map<SymbolName, Dim> {
  const sizes = new Map<SymbolName, Dim>();
  for (const { name, shape = [] } of graph.inputs)
    shape.forEach((dim, axis) => {
      const symbol = nameOf(dim);
      if (symbol !== undefined) sizes.set(symbol, maxOf(feeds.map((set) => set[name]?.shape[axis] ?? 0)));
    });
  return sizes;
}
