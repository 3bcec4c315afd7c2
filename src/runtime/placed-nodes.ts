/** Which provider runs which node, by the kernel tables of a target that need not be here. */
import type { Graph } from '../ir/graph.js';
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import { isSmallWhole, type PlacedNode } from '../ir/targets/placed-node.js';
import { type Accelerator, HOST, leavesShapes } from '../ir/targets/targets.js';
import { elementCount } from '../ir/tensors/tensor.js';
import { type DataType, isFloat } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { hasKernel, kernelState, whyNoKernel } from './kernels.js';

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
  if (state !== undefined) return { state: 'falls back', cause };
  // The CPU has the standard operators, whatever the tables name of them.
  return { state: 'unknown', cause, isUnplaced: domain !== '' && !hasKernel(HOST, opType, domain, opset, elem) };
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

/** A size that is not known counts as 1. */
export const isSmall = ({ elem, shape }: Value): boolean => {
  const sizes = shape?.map(Number);
  return elem !== undefined && sizes !== undefined && isSmallWhole(elem, elementCount(sizes.map((size) => size || 1)));
};
