/** Casts that a model could do without. */
import { inferTypes } from '../src/infer/index.js';
import type { Model } from '../src/ir/model.js';
import { type DataType, isFloat } from '../src/ir/types.js';
import type { Value } from '../src/ir/value.js';

/** Casts to the type that the value has, a second Cast of a value to one type, and Casts of Casts from one float to another. */
export function needlessCasts(model: Model): string[] {
  inferTypes(model);
  const found: string[] = [];
  for (const graph of model.graphs()) {
    const made = new Map<Value, Set<DataType>>();
    for (const node of graph.nodes()) {
      const [from] = node.inputs;
      const to = node.outputs[0]?.elem;
      if (!node.is('Cast') || !from || !to) continue;
      const types = made.get(from) ?? new Set<DataType>();
      made.set(from, types);
      const before = from.producer?.is('Cast') ? from.producer.inputs[0]?.elem : undefined;
      if (from.elem === to) found.push(`${node.label} from ${to} to ${to}`);
      else if (types.has(to)) found.push(`${node.label} to ${to} a second time`);
      else if (isFloat(before) && isFloat(from.elem) && isFloat(to))
        found.push(`${node.label} from ${before} over ${from.elem} to ${to}`);
      types.add(to);
    }
  }
  return found;
}
