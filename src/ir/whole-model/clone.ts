/** A copy of a model that shares what is immutable: tensors, types, attributes' numbers. */
import type { Attribute } from '../attribute.js';
import { Graph } from '../graph.js';
import { Model } from '../model.js';
import type { Node } from '../node.js';
import type { Limits } from '../options/budget.js';
import { Value } from '../value.js';

/** Copies the ports, constants and nodes of a graph into an empty one; `values` maps what it reads from outside, and is filled with its copies. */
export type Fill = (target: Graph, source: Graph, values: Map<Value, Value>) => void;

/**
 * Edits of the copy leave the original as it was. Labels, order and everything carried are the same. `values` is filled
 * with what became of each value. `fillMain` copies the main graph otherwise than as it is.
 */
export function cloneModel(model: Model, fillMain?: Fill, values = new Map<Value, Value>()): Model {
  const copy = new Model(model.opsets, model.irVersion);
  const { producerName, producerVersion, domain, modelVersion, docString, carried } = model;
  Object.assign(copy, {
    producerName,
    producerVersion,
    domain,
    modelVersion,
    docString,
    carried,
    metadata: [...model.metadata],
  });
  copy.budget = model.budget.clone();
  copy.trail = model.trail?.forCopy();
  (fillMain ?? fill)(copy.graph, model.graph, values);
  for (const fn of model.functions) {
    const graph = new Graph(
      copy,
      fn.graph.name,
      fn.graph.opsets === model.opsets ? copy.opsets : new Map(fn.graph.opsets),
    );
    fill(graph, fn.graph, values);
    const defaults = new Map(
      [...fn.defaults].map(([name, attribute]) => [name, cloneAttribute(attribute, graph, values)]),
    );
    copy.functions.push({ ...fn, graph, defaults });
  }
  if (model.isAsRead && !fillMain) copy.markAsRead();
  return copy;
}

/** The model itself; where limits are given, a copy that has them. */
export function withLimits(model: Model, limits: Limits | undefined): Model {
  if (!limits) return model;
  const copy = cloneModel(model);
  copy.budget = copy.budget.under(limits);
  return copy;
}

/** Which part of a graph is copied. */
export interface FillOptions {
  /** The ports are not: then the inputs must already be in `values`, and the caller connects the outputs. */
  readonly isInlined?: boolean;
  /** The constants and nodes that are copied, in this order; default all. */
  readonly items?: Iterable<Value | Node>;
  /** Of values that are not copied: the value that is read in their place. */
  readonly instead?: ReadonlyMap<Value, Value>;
}

/**
 * Copies the values and nodes of one graph into another, of the same model or another one. `values` maps what the graph
 * reads from outside; it is filled with what is copied. Returns the copied nodes of this scope.
 */
export function fill(
  target: Graph,
  source: Graph,
  values: Map<Value, Value>,
  { isInlined, items = inOrder(source), instead }: FillOptions = {},
): readonly Node[] {
  const mapped = (value: Value): Value => values.get(value) ?? value;
  if (!isInlined) copyInputs(target, source, values);
  const nodes: [Node, Node][] = [];
  for (const item of items)
    if (item instanceof Value) values.set(item, copyConstant(target, item));
    else {
      const copy = copyNode(target, item);
      copy.outputs.forEach((value, index) => {
        if (value) values.set(item.outputs[index] as Value, value);
      });
      nodes.push([item, copy]);
    }
  for (const [value, other] of instead ?? []) values.set(value, mapped(other));
  for (const [node, copy] of nodes) {
    target.connect(
      copy,
      node.inputs.map((value) => value && mapped(value)),
    );
    copyAttributes(node, copy, values);
  }
  if (!isInlined) copyOutputs(target, source, mapped);
  return nodes.map(([, copy]) => copy);
}

/** Constants and nodes in order of creation: each of the two stands in it. */
export function* inOrder({ constants, nodeSet }: Graph): Iterable<Value | Node> {
  const waiting = constants.values();
  let next = waiting.next();
  for (const node of nodeSet) {
    for (; !next.done && next.value.sequence < node.sequence; next = waiting.next()) yield next.value;
    yield node;
  }
  for (; !next.done; next = waiting.next()) yield next.value;
}

/** The graph's own texts and its inputs. */
export function copyInputs(target: Graph, source: Graph, values: Map<Value, Value>): void {
  Object.assign(target, { name: source.name, docString: source.docString, carried: source.carried });
  for (const value of source.inputs) {
    const copy = target.input(value.name, value.type);
    copy.tensor = value.tensor;
    copy.defaultTensor = value.defaultTensor;
    values.set(value, describe(copy, value));
  }
}

/** `mapped`: a value of the source ⟶ what the port gives in the target. */
export function copyOutputs(target: Graph, source: Graph, mapped: (value: Value, index: number) => Value): void {
  target.setOutputs(
    source.outputPorts.map((port, index) => ({
      port: { ...port },
      value: mapped(source.outputs[index] as Value, index),
    })),
  );
}

export function copyConstant(target: Graph, value: Value, name = value.name, tensor = value.tensor): Value {
  const copy = target.constant(tensor as NonNullable<Value['tensor']>, name);
  copy.constantNode = value.constantNode;
  copy.type = value.type;
  return describe(copy, value);
}

/** A node with its outputs; not connected yet, and without attributes. `named`: what the copies are called. */
export function copyNode(target: Graph, node: Node, named: (name: string) => string = (name) => name): Node {
  const { opType, domain, overload, docString, carried } = node;
  const copy = target.add(opType, [], {
    domain,
    name: named(node.name),
    overload,
    outputs: node.outputs.map((value) => value && named(value.name)),
  });
  copy.docString = docString;
  copy.carried = carried;
  target.model.trail?.copied(node, copy);
  node.outputs.forEach((value, index) => {
    const made = copy.outputs[index];
    if (!value || !made) return;
    made.type = value.type;
    describe(made, value);
  });
  return copy;
}

/** Bodies among them read what `values` maps. */
export function copyAttributes(node: Node, copy: Node, values: Map<Value, Value>): void {
  for (const [name, attribute] of node.attributes)
    copy.graph.setAttribute(copy, name, cloneAttribute(attribute, copy.graph, values));
}

function cloneAttribute(attribute: Attribute, graph: Graph, values: Map<Value, Value>): Attribute {
  const body = (inner: Graph): Graph => {
    const copy = new Graph(graph.model, inner.name, graph.opsets);
    fill(copy, inner, values);
    return copy;
  };
  if (attribute.type === 'graph') return { ...attribute, value: body(attribute.value) };
  if (attribute.type === 'graphs') return { ...attribute, value: attribute.value.map(body) };
  return attribute;
}

function describe(copy: Value, value: Value): Value {
  copy.declared = value.declared;
  copy.carried = value.carried;
  return copy;
}
