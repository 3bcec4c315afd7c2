/** Builds a model that computes constants: copies of the nodes behind them, without inputs. */

import { Graph } from '../../src/ir/graph.js';
import { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { dependenciesOf } from '../../src/ir/scopes/order.js';
import { instanceOf } from '../../src/ir/tensors/bank.js';
import type { Tensor } from '../../src/ir/tensors/tensor.js';
import type { Type } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { fill } from '../../src/ir/whole-model/clone.js';

/**
 * A model without inputs whose outputs are the values. Their graphs have the same operator sets. The outputs are all
 * values for the first of the instances, then for the next.
 */
export function constantModel(values: readonly Value[], instances: readonly number[] = [0]): Model {
  const { model, opsets } = (values[0] as Value).graph;
  const { graph } = new Model(opsets, Math.max(model.irVersion, 4));
  graph.name = 'constants';
  graph.model.budget = model.budget.clone();
  for (const instance of instances) addInstance(graph, values, instance);
  return graph.model;
}

function addInstance(graph: Graph, values: readonly Value[], instance: number): void {
  const copies = new Map<Value, Value>();
  const copyOf = (value: Value): Value => {
    const copy = copies.get(value) ?? graph.constant(instanceOf(value.tensor as Tensor, instance));
    copies.set(value, copy);
    return copy;
  };
  for (const one of nodesOf(values)) {
    const { opType, domain, inputs, outputs } = one;
    for (const value of dependenciesOf(one)) copyOf(value);
    const attributes = new Map(one.attributes);
    for (const [name, attribute] of attributes)
      if (attribute.type === 'graph')
        attributes.set(name, { ...attribute, value: bodyIn(graph, attribute.value, copies) });
    const node = graph.add(
      opType,
      inputs.map((input) => input && copyOf(input)),
      { domain, attributes: Object.fromEntries(attributes), outputs: outputs.map((one) => one && '') },
    );
    outputs.forEach((output, index) => {
      const made = node.outputs[index];
      if (!output || !made) return;
      made.type = output.type;
      copies.set(output, made);
    });
  }
  for (const value of values) {
    const type: Type | undefined = value.type && portable(value.type);
    graph.output(`value_${graph.outputPorts.length}`, copyOf(value), type);
  }
}

/** A body for a node of `graph`; the values that it captures are in `copies`. */
function bodyIn(graph: Graph, body: Graph, copies: Map<Value, Value>): Graph {
  const copy = new Graph(graph.model, body.name, graph.opsets);
  fill(copy, body, copies);
  return copy;
}

/** The nodes that values are computed by, each after those it reads. */
function nodesOf(values: readonly Value[]): Node[] {
  const needed = ancestorsOf(values);
  const graphs = new Set<Graph>([...needed].map(({ graph }) => graph));
  return [...graphs].flatMap((graph) => graph.nodes().filter((node) => needed.has(node)));
}

/** The nodes that values are computed by, each after those it reads. Chains may be longer than a stack is deep. */
export function ancestorsOf(values: Iterable<Value>): ReadonlySet<Node> {
  const found = new Set<Node>();
  const entered = new Set<Node>();
  const left: Node[] = [];
  const enter = (value: Value): void => {
    if (value.producer && !entered.has(value.producer)) left.push(value.producer);
  };
  for (const value of values) enter(value);
  for (let node = left.at(-1); node; node = left.at(-1)) {
    if (entered.has(node)) {
      found.add(node);
      left.pop();
      continue;
    }
    entered.add(node);
    for (const value of dependenciesOf(node)) enter(value);
  }
  return found;
}

/** The element type alone: a shape that was inferred need not be declared. */
const portable = (type: Type): Type => (type.kind === 'tensor' ? { ...type, shape: undefined } : type);
