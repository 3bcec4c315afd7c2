/** Copies of a model that give inner values as outputs, or sums of their products. */

import type { Graph } from '../../ir/graph.js';
import type { Model } from '../../ir/model.js';
import { tensorOf } from '../../ir/tensors/numbers.js';
import { freeName } from '../../ir/text/free-name.js';
import { type DataType, dataTypes, isFloat, tensorType } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';
import { cloneModel } from '../../ir/whole-model/clone.js';
import type { ActivationRequest } from '../../run/activations.js';
import type { Tensors } from '../../runtime/isolate.js';
import { bytesOf, canBeGiven, sizesIn } from '../by-block/read-values.js';

/** What is asked of one value: names of outputs of the copy that is run. */
export interface Probe {
  readonly of: ActivationRequest;
  /** The value itself, or XᵀX. */
  readonly numbers: string;
  /** The sum of all rows of X and its shape, where XᵀX is given. */
  readonly rows: { readonly sum: string; readonly shape: string } | undefined;
  /** What one run returns, by the sizes of these inputs. */
  readonly bytes: number;
}

/** A copy with outputs for the requests that can be met, which are values of floats in the main graph. */
export function withProbes(model: Model, requests: readonly ActivationRequest[], feeds: Tensors) {
  const copies = new Map<Value, Value>();
  const probed = cloneModel(model, undefined, copies);
  const { graph } = probed;
  const sizes = sizesIn(model, [feeds]);
  const taken = new Set([...graph.values()].map(({ name }) => name));
  const ports: { port: { name: string; type: ReturnType<typeof tensorType> }; value: Value }[] = [];
  const output = (given: Value, elem: DataType): string => {
    const name = freeName(`activation_${ports.length}`, (one) => taken.has(one));
    taken.add(name);
    const value = graph.add('Identity', [given], { outputs: [name] }).output;
    ports.push({ port: { name, type: tensorType(elem) }, value });
    return name;
  };
  const probes = requests.flatMap((of): Probe[] => {
    const { value } = of;
    const own = copies.get(value);
    if (own?.graph !== graph || !canBeGiven(value) || !isFloat(value.elem)) return [];
    const float = value.elem === 'float32' ? own : cast(graph, own);
    if (!of.gram) return [{ of, numbers: output(float, 'float32'), rows: undefined, bytes: bytesOf(value, sizes) }];
    const channels = value.shape?.at(-1);
    if (typeof channels !== 'number') return [];
    const flat = graph.add('Reshape', [float, graph.constant(tensorOf('int64', [-1, channels]))]).output;
    const columns = graph.add('Transpose', [flat], { attributes: { perm: [1, 0] } }).output;
    const rows = {
      sum: output(sumOf(graph, flat), 'float32'),
      shape: output(graph.add('Shape', [float]).output, 'int64'),
    };
    const numbers = output(graph.add('MatMul', [columns, flat]).output, 'float32');
    return [{ of, numbers, rows, bytes: 4 * channels ** 2 }];
  });
  graph.setOutputs(ports);
  return { probed, probes };
}

const cast = (graph: Graph, value: Value): Value =>
  graph.add('Cast', [value], { attributes: { to: dataTypes.float32.code } }).output;

/** The sum over all rows. */
function sumOf(graph: Graph, rows: Value): Value {
  const isInput = (graph.opsets.get('') ?? 0) >= 13;
  const inputs = isInput ? [rows, graph.constant(tensorOf('int64', [0]))] : [rows];
  return graph.add('ReduceSum', inputs, { attributes: { keepdims: 0, ...(!isInput && { axes: [0] }) } }).output;
}

/** The largest size, in bytes, of what one run returns. */
const MOST = 2 ** 28;

/** Probes that one run answers together. */
export function batchesOf(probes: readonly Probe[]): Probe[][] {
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
