/** Lists the weights of a model: each constant tensor of floats once, in every scope, with every node that reads it and what that does with it. */

import { maxOf } from '../../../src/ir/collections/lists.js';
import type { Graph } from '../../../src/ir/graph.js';
import type { Model } from '../../../src/ir/model.js';
import type { Node } from '../../../src/ir/node.js';
import { elementCount, type Tensor } from '../../../src/ir/tensors/tensor.js';
import { dataTypes } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { movementOf } from '../../../src/ops/moved.js';
import { rowOf } from '../../../src/ops/registry.js';
import type { WeightRole } from '../../../src/ops/weights.js';
import { isParameter } from '../extent.js';
import { precisionOf } from '../ops.js';
import { coordinateNodes } from '../sensitive.js';
import { isScale } from './scales.js';

/** One input of a node that a weight reaches, directly or as a view of it. */
export interface WeightUse {
  readonly node: Node;
  readonly slot: number;
  readonly role: WeightRole;
  /** The nodes between the weight and the input: Casts, Identities, Transposes and regroupings of axes, in order. */
  readonly views: readonly Node[];
  /** Axes of the stored tensor along which results differ; undefined where they are not known. */
  readonly channels: readonly number[] | undefined;
  /** Axes of the stored tensor that are summed over; undefined where they are not known. */
  readonly contracted: readonly number[] | undefined;
}

/** A weight: a stored tensor, and everything that reads it. */
export interface WeightSite {
  readonly value: Value;
  readonly tensor: Tensor;
  /** In dependency order within each scope. */
  readonly uses: readonly WeightUse[];
  /** The use that decides: the first of product, convolution, recurrent, table, elementwise, other. */
  readonly main: WeightUse;
  /** The reason that it must stay as it is stored; undefined where it may be stored otherwise. */
  readonly obstacle: string | undefined;
}

const order: readonly WeightRole[] = ['product', 'convolution', 'recurrent', 'table', 'elementwise', 'other'];

/** Every weight of more than 16 elements; `withLayers`: a weight whose product becomes an angle must stay as well. */
export function weightSites(model: Model, { withLayers = false } = {}): WeightSite[] {
  const angles = coordinateNodes(model, withLayers);
  return [...model.graphs()].flatMap((graph) => [...graph.inputs, ...graph.constants].flatMap(siteOf(graph, angles)));
}

const siteOf =
  (graph: Graph, angles: ReadonlySet<Node>) =>
  (value: Value): WeightSite | [] => {
    const tensor = value.tensor ?? value.defaultTensor;
    if (!tensor || !isWeight(tensor) || isScale(value)) return [];
    const uses = usesOf(value, tensor.shape.length);
    const main = order.flatMap((role) => uses.find((use) => use.role === role) ?? [])[0];
    if (!main) return [];
    return { value, tensor, uses, main, obstacle: obstacleOf(value, graph, uses, angles) };
  };

const isWeight = (tensor: Tensor): boolean =>
  dataTypes[tensor.type].kind === 'float' && dataTypes[tensor.type].bits >= 16 && !isParameter(tensor);

/** True for a tensor whose elements lie along one axis. */
export const isVector = ({ shape }: Tensor): boolean => maxOf(shape, 1) === elementCount(shape);

function obstacleOf(
  value: Value,
  graph: Graph,
  uses: readonly WeightUse[],
  angles: ReadonlySet<Node>,
): string | undefined {
  if (value.defaultTensor) return 'it is the default of an input, which must keep its type';
  if (value.isInput && !graph.isInFunction) return 'it is listed as an input (IR version 3), which must keep its type';
  if (value.tensor?.sparse) return 'a sparse constant is small as it is';
  if (uses.some(({ node }) => node.isEnd)) return 'a graph output must keep its type';
  const nodes = uses.flatMap(({ node, views }) => [node, ...views]);
  if (nodes.some((node) => angles.has(node) || precisionOf(node).stays === 'coordinates'))
    return 'positions and angles need float32';
  if (uses.some(({ node }) => precisionOf(node).takesScales)) return 'the scales of quantized weights stay float32';
  return undefined;
}

/** Where each axis of a view stands in the stored tensor; undefined where axes were regrouped. */
type WeightAxes = readonly number[] | undefined;

function usesOf(value: Value, rank: number): WeightUse[] {
  const found: WeightUse[] = [];
  const walk = (from: Value, axes: WeightAxes, views: readonly Node[]): void => {
    for (const { node, index } of from.uses) {
      if (node.graph.model.functionOf(node) || isDead(node)) continue;
      const seen = index === 0 && node.outputs[0] && views.length < MOST_VIEWS ? throughView(node, axes) : undefined;
      if (seen) walk(node.output, seen.axes, [...views, node]);
      else found.push(useOf(node, index, axes, views));
    }
  };
  walk(
    value,
    Array.from({ length: rank }, (_, axis) => axis),
    [],
  );
  return found;
}

/** True for a node that this pass replaced and that is not swept yet. */
const isDead = (node: Node): boolean =>
  !node.isEnd && node.outputs.every((output) => !output || output.uses.size === 0);

/** The most views that are followed. The next node of a longer chain counts as the reader, because a chain may be as long as the model. */
const MOST_VIEWS = 16;

/** The axes behind a node that gives the same elements in another order or type; undefined for other nodes. */
function throughView(node: Node, axes: WeightAxes): { axes: WeightAxes } | undefined {
  if (node.domain !== '') return undefined;
  if (node.is('Identity')) return { axes };
  if (node.is('Cast')) {
    const { elem } = node.output;
    return elem && dataTypes[elem].kind === 'float' && dataTypes[elem].bits >= 16 ? { axes } : undefined;
  }
  if (node.is('Transpose')) {
    const perm = node.hasReference ? undefined : (node.ints('perm') ?? axes?.map((_, at) => axes.length - 1 - at));
    return { axes: axes && perm?.length === axes.length ? perm.map((at) => axes[at] as number) : undefined };
  }
  return movementOf(node.output)?.kind === 'regrouped' ? { axes: undefined } : undefined;
}

function useOf(node: Node, slot: number, axes: WeightAxes, views: readonly Node[]): WeightUse {
  const rank = axes?.length ?? node.inputs[slot]?.shape?.length;
  const row = rowOf(node);
  const reading = rank === undefined ? undefined : row?.weights?.(node, slot, rank);
  const stored = (own: readonly number[] | undefined) =>
    node.hasReference ? undefined : own?.flatMap((axis) => axes?.[axis] ?? []);
  const role = reading?.role ?? (row?.isElementwise || row?.weights ? 'elementwise' : 'other');
  return {
    node,
    slot,
    role,
    views,
    channels: axes && reading && stored(reading.channels),
    contracted: axes && reading && stored(reading.contracted),
  };
}
