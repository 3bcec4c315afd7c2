/** Measures the errors at a model's outputs for sets of convolutions in 8 bits, on the user's inputs. */

import { append, maxOf } from '../../../../src/ir/collections/lists.js';
import { symbol } from '../../../../src/ir/dims/dims.js';
import type { Model } from '../../../../src/ir/model.js';
import { tensorOf } from '../../../../src/ir/tensors/numbers.js';
import { isFloat, tensorType } from '../../../../src/ir/types.js';
import type { Value } from '../../../../src/ir/value.js';
import { cloneModel, fill } from '../../../../src/ir/whole-model/clone.js';
import type { ActivationStatistics, MeasureActivations, SetShare } from '../../../../src/run/activations.js';
import { emitConvs, type StaticConv } from './emit.js';

/** Copies of the model that run at the same time. */
const AT_ONCE = 8;

/** For each set, the largest relative L2 error of an output; infinite where it cannot be measured. */
export async function errorsOf(
  model: Model,
  sets: readonly (readonly StaticConv[])[],
  measure: MeasureActivations,
  share: SetShare,
): Promise<number[]> {
  const errors: number[] = [];
  for (let at = 0; at < sets.length; at += AT_ONCE)
    append(errors, await errorsTogether(model, sets.slice(at, at + AT_ONCE), (values) => measure(values, share)));
  return errors;
}

/** Measures several sets in one model, which holds the original, a copy for each set, and the differences of their outputs. */
async function errorsTogether(model: Model, sets: readonly (readonly StaticConv[])[], measure: MeasureActivations) {
  const originals = new Map<Value, Value>();
  const all = cloneModel(model, undefined, originals);
  const { graph } = all;
  const outputs = model.graph.outputs.filter(({ elem }) => isFloat(elem));
  const wanted = outputs.map((value) => originals.get(value) as Value);
  const differences = sets.map((sites) => {
    const values = new Map(model.graph.inputs.map((value) => [value, originals.get(value) as Value]));
    fill(graph, model.graph, values, { isInlined: true });
    // Outputs are read behind a node that the rewriting can connect anew.
    const ends = outputs.map((value) => graph.add('Identity', [values.get(value)]));
    emitConvs(graph, sites, (value) => values.get(value) ?? value);
    return ends.map((end, at) => flat(graph.add('Sub', [end.inputs[0], wanted[at]]).output));
  });
  const originalsFlat = wanted.map(flat);
  const found = await measure([...originalsFlat, ...differences.flat()].map((value) => ({ value })));
  const power = (value: Value | undefined) => meanSquare(value && found.get(value));
  const relative = (one: Value, at: number) => {
    const ratio = Math.sqrt(power(one) / power(originalsFlat[at]));
    return Number.isNaN(ratio) ? Number.POSITIVE_INFINITY : ratio;
  };
  return differences.map((list) => (list.length > 0 ? maxOf(list.map(relative)) : Number.POSITIVE_INFINITY));
}

/** The value in one column: its sizes may differ between sets of inputs. */
function flat(value: Value): Value {
  const column = value.graph.constant(tensorOf('int64', [-1, 1]));
  const { output } = value.graph.add('Reshape', [value, column]);
  output.type = tensorType(value.elem ?? 'float32', [symbol('count'), 1]);
  return output;
}

/** The mean square; infinite where it was not measured. */
function meanSquare(statistics: ActivationStatistics | undefined): number {
  return statistics?.meanSquares[0] ?? Number.POSITIVE_INFINITY;
}
