/** Makes faults like those of a wrong pass: one wrong scale, mask, bias or epsilon in one part of a model. */
import { float } from '../../src/ir/attribute.js';
import type { Graph } from '../../src/ir/graph.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { numbersOf, tensorOf } from '../../src/ir/tensors/numbers.js';
import { elementCount } from '../../src/ir/tensors/tensor.js';
import { isFloat } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { cloneModel } from '../../src/ir/whole-model/clone.js';
import type { Random } from '../../src/validate/inputs/random.js';

export interface Injection {
  readonly kind: string;
  /** The node with the fault. */
  readonly at: string;
  /** Changes the node of a copy of the model. */
  apply(node: Node, random: Random): void;
}

/** Functions that find a fault to make at a node, by kind. */
const faults: Readonly<Record<string, (node: Node) => ((node: Node, random: Random) => void) | undefined>> = {
  'wrong scale': (node) => {
    const at = /^(Mul|Div)$/.test(node.opType) ? node.inputs.findIndex((value) => isFactor(value)) : -1;
    if (at >= 0)
      return (copy, random) => change(copy, at, (numbers) => numbers.map((x) => x * (random.next() < 0.5 ? 0.5 : 2)));
    const scale = node.opType === 'Attention' || node.opType === 'MultiHeadAttention' ? node.float('scale') : undefined;
    if (scale !== undefined) return (copy) => copy.graph.setAttribute(copy, 'scale', float(scale * 2));
    return undefined;
  },
  'bias dropped': (node) => {
    const at = biasOf(node);
    return at === undefined ? undefined : (copy) => change(copy, at, (numbers) => numbers.map(() => 0));
  },
  'bias element': (node) => {
    const at = biasOf(node);
    if (at === undefined) return undefined;
    return (copy, random) =>
      change(copy, at, (numbers) => {
        const place = random.int(0, numbers.length);
        return numbers.map((x, i) => (i === place ? x + 1 : x));
      });
  },
  'mask dropped': (node) => {
    const at = maskOf(node);
    if (at === undefined) return undefined;
    return (copy) => copy.graph.replaceUses(copy.output, copy.inputs[1 - at] as Value);
  },
  'mask inverted': (node) => {
    if (!node.is('Where') || !node.inputs.some((value) => isConstantFloat(value))) return undefined;
    const [, yes, no] = node.inputs;
    if (!leadsToSoftmax(node)) return undefined;
    return (copy) => {
      const [, a, b] = copy.inputs;
      if (!yes || !no) return;
      copy.graph.setInput(copy, 1, b);
      copy.graph.setInput(copy, 2, a);
    };
  },
  'wrong epsilon': (node) => {
    const epsilon = node.float('epsilon');
    return epsilon === undefined ? undefined : (copy) => copy.graph.setAttribute(copy, 'epsilon', float(0.1));
  },
};

export const kinds = Object.keys(faults);

/** Lists the faults of one kind that can be made at these nodes. */
export function injectionsAmong(nodes: readonly Node[], kind: string): Injection[] {
  return nodes.flatMap((node) => {
    const apply = faults[kind]?.(node);
    return apply ? [{ kind, at: node.label, apply }] : [];
  });
}

/** Makes a copy of the model with the fault. */
export function withFault(model: Model, node: Node, injection: Injection, random: Random): Model {
  const copy = cloneModel(model);
  const at = [...model.graph.nodeSet].indexOf(node);
  injection.apply([...copy.graph.nodeSet][at] as Node, random);
  return copy;
}

/** Changes the numbers that a node reads at one input. Other readers of the same constant are not affected. */
function change(node: Node, at: number, f: (numbers: number[]) => number[]): void {
  const tensor = (node.inputs[at] as Value).tensor as NonNullable<Value['tensor']>;
  const { graph }: { graph: Graph } = node;
  const numbers = f([...numbersOf(tensor)]);
  graph.setInput(node, at, graph.constant(tensorOf(tensor.type, numbers, tensor.shape), 'injected'));
}

const isConstantFloat = (value: Value | undefined): boolean =>
  value?.tensor !== undefined && isFloat(value.tensor.type);

const isFactor = (value: Value | undefined): boolean =>
  isConstantFloat(value) && elementCount(value?.tensor?.shape ?? []) === 1;

/** Finds the input that holds a bias: a vector that is added, or the third input of a Gemm, a Conv or a norm. */
function biasOf(node: Node): number | undefined {
  const isVector = (value: Value | undefined): boolean =>
    isConstantFloat(value) && value?.tensor?.shape.length === 1 && (value.tensor.shape[0] as number) > 1;
  if (node.is('Add')) {
    const at = node.inputs.findIndex(isVector);
    return at < 0 ? undefined : at;
  }
  const hasThird = /^(Gemm|Conv|LayerNormalization|InstanceNormalization)$/.test(node.opType);
  return hasThird && isVector(node.inputs[2]) ? 2 : undefined;
}

/** Finds the input of an Add before a Softmax that holds the mask: the one that is no product. */
function maskOf(node: Node): number | undefined {
  if (!node.is('Add') || !leadsToSoftmax(node)) return undefined;
  const fromProduct = node.inputs.map((value) => isFromProduct(value));
  if (fromProduct.filter(Boolean).length !== 1) return undefined;
  return fromProduct.indexOf(false);
}

const leadsToSoftmax = (node: Node): boolean =>
  [...(node.outputs[0]?.uses ?? [])].some((use) => use.node.is('Softmax'));

function isFromProduct(value: Value | undefined): boolean {
  const node = value?.producer;
  if (!node) return false;
  if (/^(Div|Mul|Reshape)$/.test(node.opType)) return isFromProduct(node.inputs[0]);
  return node.is('MatMul');
}
