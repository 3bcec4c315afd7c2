/**
 * Nodes that give an input as it is. x + 0 counts although -0 + 0 is +0: no result but a later division by that zero
 * can tell. x · 0 is not 0 (NaN, infinities), x + 1e-9 is not x, and x + [0] is not x where x is a scalar.
 */
import type { Facts } from '../../src/infer/index.js';
import type { Graph } from '../../src/ir/graph.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { equalShapes } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { movementOf } from '../../src/ops/moved.js';
import { unmoved } from '../../src/ops/movement.js';
import { isAll } from './small.js';

/** The input that the node's first output equals; undefined where none is known to. */
type Identity = (node: Node) => Value | undefined;

const isSameShape = (node: Node, value: Value | undefined = node.inputs[0]): boolean =>
  value?.shape !== undefined && equalShapes(value.shape, node.outputs[0]?.shape);

const single: Identity = (node) => (node.inputs.length === 1 ? node.inputs[0] : undefined);

/** An elementwise op of x and a constant that leaves every element: x, where broadcasting leaves its shape too. */
function neutral(node: Node, x: Value | undefined, isNeutral: (constant: Value) => boolean): Value | undefined {
  const constant = node.inputs[node.inputs[0] === x ? 1 : 0];
  if (!x || !constant?.tensor || x === constant) return undefined;
  const { shape } = constant.tensor;
  const keepsShape =
    shape.length === 0 ||
    (x.shape !== undefined && shape.length <= x.shape.length && shape.every((dim) => dim === 1)) ||
    isSameShape(node, x);
  return keepsShape && isNeutral(constant) ? x : undefined;
}

const right =
  (...numbers: number[]): Identity =>
  (node) =>
    neutral(node, node.inputs[0], (constant) => numbers.some((number) => isAll(constant, number)));

const eitherSide =
  (...numbers: number[]): Identity =>
  (node) =>
    right(...numbers)(node) ??
    neutral(node, node.inputs[1], (constant) => numbers.some((number) => isAll(constant, number)));

/** The larger of x and −∞, the smaller of x and +∞: x, be it NaN. */
const unlimited =
  (limit: number): Identity =>
  (node) =>
    single(node) ?? (node.inputs.length === 2 ? eitherSide(limit)(node) : undefined);

/** Broadcasting as it is since opset 7. */
const since7 =
  (identity: Identity): Identity =>
  (node) =>
    (node.opset ?? 0) >= 7 ? identity(node) : undefined;

const where: Identity = (node) => {
  const [condition, yes, no] = node.inputs;
  if (yes === no && isSameShape(node, yes)) return yes;
  const chosen = isAll(condition, 1) ? yes : isAll(condition, 0) ? no : undefined;
  return chosen && isSameShape(node, chosen) ? chosen : undefined;
};

/** Identities of ops that compute. */
const identities: ReadonlyMap<string, Identity> = new Map(
  Object.entries({
    Sum: single,
    Mean: single,
    Max: unlimited(Number.NEGATIVE_INFINITY),
    Min: unlimited(Number.POSITIVE_INFINITY),
    Add: since7(eitherSide(0, -0)),
    Sub: since7(right(0, -0)),
    Mul: since7(eitherSide(1)),
    Div: since7(right(1)),
    Pow: since7(right(1)),
    And: since7(eitherSide(1)),
    Or: since7(eitherSide(0)),
    Xor: since7(eitherSide(0)),
    Where: where,
  }),
);

/** Replaces the outputs of such nodes in a scope by their equals. */
function bypass(graph: Graph, facts: Facts): void {
  for (const node of graph.nodes()) {
    const output = node.outputs[0];
    if (!output || output.uses.size === 0 || node.hasReference) continue;
    const value =
      unmoved(movementOf(output, facts), output.shape) ??
      (node.domain === '' ? identities.get(node.opType)?.(node) : undefined);
    if (!value) continue;
    if (node.is('Identity') && output.isOutput && hasName(value, graph)) readPast(output, value);
    else graph.replaceUses(output, value);
  }
}

/** True where an output of the graph that gives this value needs an Identity in the file, because the value has a name. */
const hasName = (value: Value, graph: Graph): boolean =>
  value.graph !== graph || value.isInput || [...value.uses].some(({ node }) => node === graph.end);

/** All but the outputs read `value` instead. */
function readPast(output: Value, value: Value): void {
  for (const { node, index } of [...output.uses]) if (!node.isEnd) node.graph.setInput(node, index, value);
}

/** x∘identity ⟶ x, in every scope. */
export function removeIdentities(model: Model, facts: Facts): void {
  for (const graph of model.graphs()) bypass(graph, facts);
}
