/** A copy of a model that shares what is immutable: tensors, types, attributes' numbers. */
import type { Attribute } from '../attribute.js';
import { Graph } from '../graph.js';
import { Model } from '../model.js';
import type { Node } from '../node.js';
import type { Limits } from '../options/budget.js';
import { Value } from '../value.js';

/** What a copy leaves out of the main graph. */
export interface Omission {
  /** Goes, with the constants that nothing else reads. No bodies in them. */
  readonly nodes: ReadonlySet<Node>;
  /** Of their values that others read: the value that is read in the copy. */
  readonly instead: ReadonlyMap<Value, Value>;
}

/**
 * Edits of the copy leave the original as it was. Labels, order and everything carried are the same. `values` is filled
 * with what became of each value.
 */
export function cloneModel(model: Model, omission?: Omission, values = new Map<Value, Value>()): Model {
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
  fill(copy.graph, model.graph, values, false, omission);
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
  if (model.isAsRead && !omission) copy.markAsRead();
  return copy;
}

/** The model itself; where limits are given, a copy that has them. */
export function withLimits(model: Model, limits: Limits | undefined): Model {
  if (!limits) return model;
  const copy = cloneModel(model);
  copy.budget = copy.budget.under(limits);
  return copy;
}

/**
 * Copies the values and nodes of one graph into another, of the same model or another one. `values` maps what the graph
 * reads from outside; it is filled with what is copied. Ports are copied too, unless `isInlined`: then the inputs must
 * already be in `values`, and the caller connects the outputs. Returns the copied nodes of this scope.
 */
export function fill(
  target: Graph,
  source: Graph,
  values: Map<Value, Value>,
  isInlined = false,
  omission?: Omission,
): readonly Node[] {
  const mapped = (value: Value): Value => values.get(value) ?? value;
  if (!isInlined) {
    Object.assign(target, { name: source.name, docString: source.docString, carried: source.carried });
    for (const value of source.inputs) {
      const copy = target.input(value.name, value.type);
      copy.tensor = value.tensor;
      copy.defaultTensor = value.defaultTensor;
      values.set(value, describe(copy, value));
    }
  }
  const nodes: [Node, Node][] = [];
  for (const item of inOrder(source)) {
    if (omission && isOmitted(item, omission)) continue;
    if (item instanceof Value) {
      const copy = target.constant(item.tensor as NonNullable<Value['tensor']>, item.name);
      copy.constantNode = item.constantNode;
      copy.type = item.type;
      values.set(item, describe(copy, item));
      continue;
    }
    const { opType, domain, name, overload } = item;
    const node = target.add(opType, [], {
      domain,
      name,
      overload,
      outputs: item.outputs.map((value) => value?.name),
    });
    Object.assign(node, { docString: item.docString, carried: item.carried });
    item.outputs.forEach((value, index) => {
      const copy = node.outputs[index];
      if (value && copy) {
        copy.type = value.type;
        values.set(value, describe(copy, value));
      }
    });
    nodes.push([item, node]);
  }
  for (const [value, other] of omission?.instead ?? []) values.set(value, mapped(other));
  for (const [node, copy] of nodes) {
    target.connect(
      copy,
      node.inputs.map((value) => value && mapped(value)),
    );
    for (const [name, attribute] of node.attributes)
      target.setAttribute(copy, name, cloneAttribute(attribute, target, values));
  }
  if (!isInlined)
    target.setOutputs(
      source.outputPorts.map((port, index) => ({ port: { ...port }, value: mapped(source.outputs[index] as Value) })),
    );
  return nodes.map(([, copy]) => copy);
}

/** Constants and nodes in order of creation: each of the two stands in it. */
function* inOrder({ constants, nodeSet }: Graph): Iterable<Value | Node> {
  const waiting = constants.values();
  let next = waiting.next();
  for (const node of nodeSet) {
    for (; !next.done && next.value.sequence < node.sequence; next = waiting.next()) yield next.value;
    yield node;
  }
  for (; !next.done; next = waiting.next()) yield next.value;
}

function isOmitted(item: Value | Node, { nodes }: Omission): boolean {
  if (!(item instanceof Value)) return nodes.has(item);
  for (const { node } of item.uses) if (!nodes.has(node)) return false;
  return item.uses.size > 0;
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
