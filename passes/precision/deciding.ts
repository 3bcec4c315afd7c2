/**
 * Nodes whose last digits decide something: which numbers rank first, where an image is sampled, what a logarithm spreads out. They are found from the
 * operator that decides, backwards through arithmetic and moved elements, to the layer that gives the numbers, this included.
 */
import { constantTensor } from '../../src/ir/constants.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { elementCount } from '../../src/ir/tensor.js';
import { isFloat } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { isElementwise, isMovement, opKey } from './ops.js';

interface Decision {
  /** The input that decides. */
  readonly slot: number;
  readonly reason: string;
  /** How many layers on the way back belong to it. */
  readonly layers: number;
}

const ranks = (slot: number): Decision => ({
  slot,
  reason: 'ranks numbers, or gives those that are ranked: rounded ones change places',
  layers: 1,
});
const places = (slot: number): Decision => ({
  slot,
  reason: 'gives the places where an image is sampled',
  layers: 1,
});

const decisions: ReadonlyMap<string, readonly Decision[]> = new Map(
  Object.entries({
    TopK: [ranks(0)],
    NonMaxSuppression: [places(0), ranks(1)],
    GridSample: [places(1)],
    'ms.GridSample': [places(1)],
    RoiAlign: [places(1)],
    MaxRoiPool: [places(1)],
    // A spectrum's powers, of which a filter bank and a transform are the layers.
    Log: [
      {
        slot: 0,
        reason: 'is read by a logarithm, which spreads small numbers and takes powers of large ones',
        layers: 2,
      },
    ],
  }),
);

/** Keeps the order of numbers, or bounds them, place by place or in rows. */
const orders = new Set(['Sigmoid', 'HardSigmoid', 'Softmax', 'LogSoftmax', 'Tanh', 'ReduceMax', 'ReduceMin']);
const sums = new Set(['ReduceSum', 'ReduceMean', 'ReduceSumSquare', 'ReduceL1', 'ReduceL2']);

const layers = new Set(['MatMul', 'Gemm', 'Conv', 'Einsum', 'ms.FusedMatMul']);

/** A layer of more numbers is worth more in a narrow type than what it decides: a vocabulary, an image's features. */
const LARGE_LAYER = 2 ** 20;

const isSmall = (node: Node): boolean =>
  node.inputs.every((value) => elementCount(constantTensor(value)?.shape ?? []) <= LARGE_LAYER);

/** Why a node belongs to a decision. */
export function decidingNodes(model: Model): ReadonlyMap<Node, string> {
  const found = new Map<Node, { reason: string; layers: number }>();
  const queue: { value: Value | undefined; reason: string; layers: number }[] = [];
  for (const graph of model.graphs())
    for (const node of graph.nodeSet)
      for (const { slot, ...rest } of decisions.get(opKey(node) ?? '') ?? [])
        queue.push({ value: node.inputs[slot], ...rest });
  for (let next = queue.pop(); next; next = queue.pop()) {
    const { reason } = next;
    const node = next.value?.producer;
    if (!node || !isFloat(next.value?.elem)) continue;
    const key = opKey(node) ?? '';
    const isLayer = layers.has(key);
    if (isLayer ? next.layers === 0 || !isSmall(node) : !isPassed(node, key)) continue;
    const left = isLayer ? next.layers - 1 : next.layers;
    if ((found.get(node)?.layers ?? -1) >= left) continue;
    found.set(node, { reason: found.get(node)?.reason ?? reason, layers: left });
    if (left > 0 || !isLayer) for (const value of node.inputs) queue.push({ value, reason, layers: left });
  }
  return new Map([...found].map(([node, { reason }]) => [node, reason]));
}

const isPassed = (node: Node, key: string): boolean =>
  isElementwise(node) || isMovement(node) || orders.has(key) || sums.has(key);
