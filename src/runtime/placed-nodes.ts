/** Which provider runs which node, by the kernel tables of a target that need not be here. */
import type { Graph } from '../ir/graph.js';
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import { isShapeArithmetic, isSmallWhole, type PlacedNode, type SizedType } from '../ir/targets/placed-node.js';
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
      if (isOfShapes(node) || fromShapes?.has(node)) yield { node, state: 'shape arithmetic', cause: undefined };
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

const isOfShapes = ({ opType, inputs, outputs }: Node): boolean =>
  isShapeArithmetic(opType, sizedTypes(inputs), sizedTypes(outputs));

const variantOf = (node: Node): string | undefined => (node.is('Cast') ? node.output.elem : node.string('approximate'));

const valuesOf = (node: Node): Value[] => [...node.inputs, ...node.outputs].filter((value) => value !== undefined);

const sizedTypes = (values: readonly (Value | undefined)[]): SizedType[] =>
  values.flatMap((value) => (value ? [sizedType(value)] : []));

/** A size that is not known counts as 1; a value without a type or rank as many of none. */
const sizedType = ({ elem, shape }: Value): SizedType => ({
  type: elem ?? 'unknown',
  count: shape ? elementCount(shape.map(Number).map((size) => size || 1)) : Number.POSITIVE_INFINITY,
});

export const isSmall = (value: Value): boolean => isSmallWhole(sizedType(value));
