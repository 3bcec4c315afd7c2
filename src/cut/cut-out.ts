/** A part of a main graph as a model of its own: what computes some values, down to others that are fed. */

import { refill } from '../ir/collections/lists.js';
import type { Graph, OutputPort } from '../ir/graph.js';
import type { Model } from '../ir/model.js';
import { outermost } from '../ir/scopes/scopes.js';
import type { Value } from '../ir/value.js';
import { cloneModel } from '../ir/whole-model/clone.js';
import { sweep } from '../ir/whole-model/sweep.js';

/** A value under the name of the port that gives or takes it. */
export interface NamedValue {
  readonly name: string;
  readonly value: Value;
}

/** The outputs of a graph under the names of their ports. */
export const namedOutputs = ({ outputs, outputPorts }: Graph): NamedValue[] =>
  outputs.map((value, index) => ({ name: (outputPorts[index] as OutputPort).name, value }));

/**
 * The model that computes `to` from `from`, both of the main graph, and from those inputs of the model that are read beside them. It holds the
 * weights that it reads and no others. An input of the model keeps its name. Types must be inferred; `copies` is filled with what became of each value. What a body reads of the main graph is read like what its owner reads.
 */
export function cutOut(
  model: Model,
  from: readonly NamedValue[],
  to: readonly NamedValue[],
  copies = new Map<Value, Value>(),
): Model {
  const part = cloneModel(model, undefined, copies);
  const { graph } = part;
  const copyOf = (value: Value): Value => copies.get(value) as Value;
  const ends = to.map(({ name, value }) => ({
    port: { name, type: value.type },
    value: copyOf(value),
  }));
  const fed = from.map(({ name, value }) => {
    const copy = copyOf(value);
    if (copy.isInput) return copy;
    const port = graph.input(name, value.type);
    graph.replaceUses(copy, port);
    return port;
  });
  graph.setOutputs(ends);
  sweep(part);
  const read = graph.inputs.filter((input) => input.uses.size > 0 && !fed.includes(input));
  graph.setInputs([...fed, ...read]);
  dropUncalled(part);
  return part;
}

/** Removes the local functions that nothing calls any more. */
function dropUncalled(part: Model): void {
  const called = new Set<unknown>();
  const waiting = [part.graph];
  for (let top = waiting.pop(); top; top = waiting.pop())
    for (const graph of part.graphs()) {
      if (outermost(graph) !== top) continue;
      for (const node of graph.nodeSet) {
        const fn = part.functionOf(node);
        if (!fn || called.has(fn)) continue;
        called.add(fn);
        waiting.push(fn.graph);
      }
    }
  const kept = part.functions.filter((fn) => called.has(fn));
  if (kept.length === part.functions.length) return;
  refill(part.functions, kept);
  part.touch(true);
}
