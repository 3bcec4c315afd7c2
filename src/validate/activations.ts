/** Measures activations: runs a model on given sets of inputs with inner values as outputs, and keeps statistics of them alone. */

import { cloneModel } from '../ir/clone.js';
import { freeName } from '../ir/free-name.js';
import type { Graph } from '../ir/graph.js';
import type { Model } from '../ir/model.js';
import { tensorOf } from '../ir/numbers.js';
import { HOST } from '../ir/targets.js';
import { dataTypes, isFloat, tensorType } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { type ActivationRequest, ActivationStatistics } from '../run/activations.js';
import type { Measured } from '../run/context.js';
import { sharedRuntime } from '../runtime/evaluate.js';
import { RuntimeError, type Session, type TensorData, type Tensors } from '../runtime/isolate.js';
import { runLimitsOf } from '../runtime/limits.js';
import { fromTensorData } from '../runtime/tensor-data.js';
import { asTaken, bytesOf, canBeGiven, sizesIn } from './by-block/read-values.js';
import { givenSets } from './inputs/files/given.js';
import { spread } from './inputs/run-sets.js';
import { prepareModel } from './sides/prepared-model.js';

/** Sets of inputs beyond this many are left out evenly: statistics change little, and the count must not depend on the time. */
const MOST_SETS = 64;

/** The largest size, in bytes, of the values that one run returns. */
const MOST = 2 ** 28;

/** An output of the copy that is run. */
interface Probe {
  readonly name: string;
  readonly of: ActivationRequest;
  readonly isGram: boolean;
  /** By the sizes of the inputs. */
  readonly bytes: number;
}

/**
 * Statistics of values of the main graph over the sets of inputs at a path, on the CPU provider with its own optimizations off.
 * A reason where the model does not run there. Throws ModelError for inputs that cannot be fed.
 */
export async function measureActivations(
  model: Model,
  requests: readonly ActivationRequest[],
  inputs: string,
): Promise<Measured | string> {
  const sets = spread(givenSets(inputs), MOST_SETS).map((set) => () => set.read(model, true).tensors);
  const [first] = sets;
  if (!first) return new Map();
  const { probed, probes } = withProbes(model, requests, first());
  const found = new Map<Value, ActivationStatistics | undefined>();
  const runtime = await sharedRuntime();
  runtime.limits = runLimitsOf(probed);
  const prepared = await prepareModel(probed);
  let session: Session | undefined;
  try {
    session = await runtime.load(prepared.source, { provider: HOST });
    for (const read of sets) {
      const feeds = asTaken(read(), probed);
      for (const batch of batchesOf(probes)) {
        const names = batch.map(({ name }) => name);
        const { outputs } = await session.run(feeds, names);
        for (const probe of batch) take(found, probe, outputs[probe.name] as TensorData);
      }
    }
  } catch (error) {
    if (error instanceof RuntimeError && error.kind === 'error') return error.message;
    throw error;
  } finally {
    await session?.release();
    prepared.close();
  }
  return new Map([...found].flatMap(([value, one]) => (one ? [[value, one] as const] : [])));
}

/** A copy whose outputs are the values, and the sums of products of those that were asked for. */
function withProbes(model: Model, requests: readonly ActivationRequest[], feeds: Tensors) {
  const copies = new Map<Value, Value>();
  const probed = cloneModel(model, undefined, copies);
  const { graph } = probed;
  const sizes = sizesIn(model, [feeds]);
  const taken = new Set([...graph.values()].map(({ name }) => name));
  const probes: Probe[] = [];
  const ports = requests.flatMap((of) => {
    const { value } = of;
    const own = copies.get(value);
    if (own?.graph !== graph || !canBeGiven(value) || !isFloat(value.elem)) return [];
    const channels = value.shape?.at(-1);
    const float = value.elem !== 'float32' ? cast(graph, own) : own;
    const grams = of.gram && typeof channels === 'number' ? [gramOf(graph, float, channels)] : [];
    return [float, ...grams].map((given, at) => {
      const name = freeName(`activation_${probes.length}`, (one) => taken.has(one));
      taken.add(name);
      const bytes = at === 1 ? 4 * (channels as number) ** 2 : bytesOf(value, sizes);
      probes.push({ name, of, isGram: at === 1, bytes });
      const out = graph.add('Identity', [given], { outputs: [name] }).output;
      return { port: { name, type: tensorType('float32') }, value: out };
    });
  });
  graph.setOutputs(ports);
  return { probed, probes };
}

const cast = (graph: Graph, value: Value): Value =>
  graph.add('Cast', [value], { attributes: { to: dataTypes.float32.code } }).output;

/** XᵀX over all rows. */
function gramOf(graph: Graph, value: Value, channels: number): Value {
  const shape = graph.constant(tensorOf('int64', [-1, channels]));
  const rows = graph.add('Reshape', [value, shape]).output;
  const columns = graph.add('Transpose', [rows], { attributes: { perm: [1, 0] } }).output;
  return graph.add('MatMul', [columns, rows]).output;
}

function batchesOf(probes: readonly Probe[]): Probe[][] {
  const batches: Probe[][] = [];
  let room = 0;
  for (const probe of probes) {
    if (batches.length === 0 || probe.bytes > room) {
      batches.push([]);
      room = MOST;
    }
    batches.at(-1)?.push(probe);
    room -= probe.bytes;
  }
  return batches;
}

/** Adds one output to the statistics of its value; those of a value whose channels differ between sets are undefined from then on. */
function take(found: Map<Value, ActivationStatistics | undefined>, { of, isGram }: Probe, output: TensorData): void {
  const { shape } = output;
  const axis = shape.length === 0 ? 0 : (((of.axis ?? -1) % shape.length) + shape.length) % shape.length;
  const channels = shape[axis] ?? 1;
  const known = found.has(of.value) ? found.get(of.value) : new ActivationStatistics(channels);
  const one = isGram || known?.channels === channels ? known : undefined;
  found.set(of.value, one);
  if (!one) return;
  const numbers = floatsOf(output);
  if (isGram) one.addGram(numbers);
  else
    one.add(
      numbers,
      shape.slice(axis + 1).reduce((count, dim) => count * dim, 1),
    );
}

function floatsOf(output: TensorData): Float32Array {
  const bytes = fromTensorData(output).bytes();
  const { buffer, byteOffset, length } = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Float32Array(buffer as ArrayBuffer, byteOffset, length / 4);
}
