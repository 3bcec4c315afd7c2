/** The original with every float it computes moved by a few units in the last place: what moves its outputs is no finding. */

import type { Graph } from '../../../src/ir/graph.js';
import type { Model } from '../../../src/ir/model.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import { cloneModel } from '../../../src/ir/whole-model/clone.js';
import { Random } from '../../../src/validate/inputs/random.js';

const steps: Readonly<Record<string, number>> = { float32: 2 ** -22, float64: 2 ** -50, float16: 2 ** -10 };

/** How many times as far 16 and 8 bits move a number of size 1. */
export const COARSE = 2 ** 16;

export function shake(model: Model, seed: number, coarseness = 1): Model {
  const copy = cloneModel(model);
  const random = new Random(seed);
  for (const graph of copy.graphs()) shakeGraph(graph, random, coarseness);
  return copy;
}

function shakeGraph(graph: Graph, random: Random, coarseness: number): void {
  for (const value of [...graph.values()]) {
    const finest = steps[value.elem ?? ''];
    const step = finest && Math.min(2 ** -6, finest * coarseness);
    if (step === undefined || (value.isConstant && value.shape?.length === 0) || value.uses.size === 0) continue;
    const factor = 1 + step * (random.next() < 0.5 ? -1 : 1) * random.int(1, 4);
    const uses = [...value.uses];
    const noise = graph.constant(tensorOf(value.elem as 'float32', factor));
    const moved = graph.add('Mul', [value, noise]).output;
    for (const { node, index } of uses) node.graph.setInput(node, index, moved);
  }
}
