/** Predicts which provider runs which node, by the kernel tables of a target that need not be here. */
import { inferTypes } from '../infer/index.js';
import { cloneModel } from '../ir/clone.js';
import type { Graph } from '../ir/graph.js';
import type { Model } from '../ir/model.js';
import { named } from '../ir/named.js';
import type { Node } from '../ir/node.js';
import { type Accelerator, HOST, leavesShapes } from '../ir/targets.js';
import { elementCount } from '../ir/tensor.js';
import { byteLengthOf, type DataType, isFloat } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { kernelState, whyNoKernel } from '../runtime/kernels.js';
import { isSmallWhole, type PlacementReport, type PlacementState } from './placement.js';

/** Where one node goes, and why not to the target. */
export interface PlacedNode {
  readonly node: Node;
  readonly state: PlacementState | 'shape arithmetic';
  readonly cause: string | undefined;
}

/**
 * The nodes that a target has no kernel for. Shape arithmetic is not among them: the runtime keeps it on the CPU on
 * purpose. Nodes of functions are asked about where they are inlined.
 */
export function placementByTables(model: Model, target: Accelerator): PlacementReport {
  const typed = cloneModel(model);
  inferTypes(typed);
  const placed = [...placedNodes(typed, target)];
  const fallbacks = named<number>();
  const states = named<number>();
  const causes = new Map<string, number>();
  const names: string[] = [];
  let shapeArithmetic = 0;
  for (const { node, state, cause } of placed) {
    if (state === 'shape arithmetic') {
      shapeArithmetic++;
      continue;
    }
    states[state] = (states[state] ?? 0) + 1;
    if (cause) causes.set(cause, (causes.get(cause) ?? 0) + 1);
    if (state === 'runs' || state === 'runs in part') continue;
    fallbacks[node.opType] = (fallbacks[node.opType] ?? 0) + 1;
    names.push(node.name);
  }
  const onTarget = (states.runs ?? 0) + (states['runs in part'] ?? 0);
  return {
    ...{ provider: target, source: 'tables', names, fallbacks, shapeArithmetic, states },
    nodes: { [target]: onTarget, [HOST]: names.length + shapeArithmetic },
    causes: [...causes].sort(([, a], [, b]) => b - a).map(([text, count]) => ({ count, text })),
    ...copiesBetween(placed),
  };
}

/** Every node of a model whose types are inferred. */
export function* placedNodes(model: Model, target: Accelerator): Iterable<PlacedNode> {
  for (const graph of model.graphs()) {
    if (graph.isInFunction) continue;
    const fromShapes = leavesShapes(target) ? nodesFromShapes(graph) : undefined;
    for (const node of graph.nodes()) {
      if (isShapeArithmetic(node) || fromShapes?.has(node)) yield { node, state: 'shape arithmetic', cause: undefined };
      else yield { node, ...stateOf(node, target) };
    }
  }
}

/** Initializers of more elements keep their readers on the accelerator. */
const SMALL_INITIALIZER = 100;

/** Nodes that read shapes, small constants and each other's results alone. */
function nodesFromShapes(graph: Graph): ReadonlySet<Node> {
  const found = new Set<Node>();
  const isHosted = ({ producer }: Value): boolean =>
    producer !== undefined && (producer.is('Shape') || producer.is('Size') || found.has(producer));
  const isConstant = ({ tensor }: Value): boolean =>
    tensor !== undefined && elementCount(tensor.shape) <= SMALL_INITIALIZER;
  for (const node of graph.nodes()) {
    const inputs = node.inputs.filter((value) => value !== undefined);
    if (inputs.some(isHosted) && inputs.every((value) => isHosted(value) || isConstant(value))) found.add(node);
  }
  return found;
}

function stateOf(node: Node, target: Accelerator): Omit<PlacedNode, 'node'> {
  // Nodes with bodies are no kernels; the nodes inside them are asked about one by one.
  if (node.bodies.length > 0 || node.graph.model.functionOf(node)) return { state: 'runs', cause: undefined };
  const elem = kernelType(node);
  if (elem === undefined) return { state: 'runs', cause: undefined };
  const { opType, domain, opset = 1 } = node;
  const state = kernelState(target, opType, domain, opset, elem, variantOf(node));
  if (state === 'yes') return { state: 'runs', cause: undefined };
  if (state === 'some')
    return { state: 'runs in part', cause: `${target} takes ${opType} of ${elem} in some forms only` };
  const cause = whyNoKernel(target, opType, domain, opset, elem, variantOf(node));
  return { state: state === undefined ? 'unknown' : 'falls back', cause };
}

/** The type that the tables know a node by: that of its float operands, else of the first that has one. */
function kernelType(node: Node): DataType | undefined {
  const inputs = node.inputs.filter((value) => value !== undefined);
  const values = inputs.some((value) => value.elem) ? inputs : valuesOf(node);
  return (values.find((value) => isFloat(value.elem)) ?? values.find((value) => value.elem))?.elem;
}

const variantOf = (node: Node): string | undefined => (node.is('Cast') ? node.output.elem : node.string('approximate'));

const valuesOf = (node: Node): Value[] => [...node.inputs, ...node.outputs].filter((value) => value !== undefined);

const isShapeArithmetic = (node: Node): boolean => {
  const outputs = node.outputs.filter((value) => value !== undefined);
  return (
    outputs.length > 0 &&
    outputs.every(isSmall) &&
    (node.is('Shape') || node.is('Size') || valuesOf(node).every(isSmall))
  );
};

const isSmall = ({ elem, shape }: Value): boolean => {
  const sizes = shape?.map(Number);
  return elem !== undefined && sizes !== undefined && isSmallWhole(elem, elementCount(sizes.map((size) => size || 1)));
};

/** Values that are computed on one provider and read on the other: a copy each, in each direction once. Bytes are those of known sizes. */
function copiesBetween(placed: readonly PlacedNode[]): { readonly copies: number; readonly copiedBytes: number } {
  const onTarget = new Map(
    placed.map(({ node, state }) => [node, state === 'runs' || state === 'runs in part'] as const),
  );
  let [copies, copiedBytes] = [0, 0];
  for (const { node, state } of placed) {
    if (state === 'shape arithmetic') continue;
    for (const value of node.outputs) {
      if (!value || isSmall(value)) continue;
      const crosses = value.users.some((user) => onTarget.has(user) && onTarget.get(user) !== onTarget.get(node));
      if (!crosses) continue;
      copies++;
      const sizes = value.shape?.map(Number);
      if (value.elem && sizes?.every(Number.isFinite)) copiedBytes += byteLengthOf(value.elem, elementCount(sizes));
    }
  }
  return { copies, copiedBytes };
}
