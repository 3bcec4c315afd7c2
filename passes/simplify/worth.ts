/** Weighs a folded constant: the bytes that it adds to the file against the work that it saves. */
import { growing, Work } from '../../src/infer/work.js';
import type { Graph } from '../../src/ir/graph.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import type { BudgetName } from '../../src/ir/options/budget.js';
import { dependenciesOf } from '../../src/ir/scopes/order.js';
import { elementCount, type Tensor } from '../../src/ir/tensors/tensor.js';
import { byteLengthOf } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { heldBy } from '../../src/ops/moved.js';
import { ancestorsOf } from './constant-model.js';
import { isStatic, smallNumbers } from './small.js';

/** Bytes that one folded value may add to the file. */
const GROWTH = 64 * 1024;

/** A weight with other readers may be stored a second time up to this many bytes. */
const TWICE = 4096;

/** Bytes of few numbers. */
const FEW = 64;

/** Repeats numbers, or moves them. */
const repeats = (node: Node): boolean => node.is('ConstantOfShape') || heldBy(node.outputs[0]) !== undefined;

/** Weights beyond this are not read: all of them would be in memory at once, here and where the runtime is. */
export const LARGE = 16 * 2 ** 20;

/** Bytes that the file may gain where a narrower type is folded away. */
const SMALL_STORAGE = 1024;

/**
 * True where the node is how weights are stored in a smaller type: bf16 → Cast, int8 → DequantizeLinear. Of these none is too
 * small: runtimes compute in integers where every operand of a Conv or MatMul comes from one, a bias of a few numbers too.
 */
export function isStorage(node: Node): boolean {
  const { tensor } = node.inputs[0] ?? {};
  if (!tensor) return false;
  if (node.is('DequantizeLinear')) return true;
  const to = node.outputs[0]?.elem;
  if (!node.is('Cast') || to === undefined) return false;
  return byteLengthOf(to, elementCount(tensor.shape)) - tensor.byteLength > SMALL_STORAGE;
}

/** Bytes of a value of known shape. */
const bytesOf = (value: Value): number | undefined =>
  value.elem && isStatic(value.shape) ? byteLengthOf(value.elem, elementCount(value.shape)) : undefined;

/** The constants that a value is computed from, and whether anything on the way can grow or is of unknown size. */
function sourcesOf(
  value: Value,
  most: number,
): {
  readonly constants: ReadonlySet<Value>;
  readonly largest: number;
  /** Operations of each node on the way. */
  readonly work: ReadonlyMap<Node, number>;
} {
  const constants = new Set<Value>();
  const counted = new Work(smallNumbers, Number.POSITIVE_INFINITY);
  let largest = 0;
  const work = new Map<Node, number>();
  let total = 0;
  for (const node of ancestorsOf([value])) {
    const operations = counted.of(node);
    work.set(node, operations);
    total += operations;
    // It is refused whatever follows: of a long chain each value is asked, last first.
    if (total > most) break;
    for (const output of node.outputs)
      if (output)
        largest = Math.max(largest, bytesOf(output) ?? (growing.has(node.opType) ? Number.POSITIVE_INFINITY : 0));
    for (const body of node.bodies) largest = Math.max(largest, largestIn(body));
    for (const input of dependenciesOf(node)) if (input.tensor) constants.add(input);
  }
  return { constants, largest, work };
}

/** Bytes of the largest value in a body; infinite where one is of unknown size, which a loop may let grow. */
function largestIn(body: Graph): number {
  let largest = 0;
  for (const node of body.nodeSet) {
    for (const value of node.outputs)
      if (value) largest = Math.max(largest, bytesOf(value) ?? Number.POSITIVE_INFINITY);
    for (const inner of node.bodies) largest = Math.max(largest, largestIn(inner));
  }
  return largest;
}

/** True for a result whose size was unknown before and turns out to be not worth its bytes. */
export const isOversized = (value: Value, tensor: Tensor): boolean =>
  bytesOf(value) === undefined && tensor.byteLength > GROWTH;

/** The bytes that may still be added to a model's file. */
export class GrowthBudget {
  #left: number;
  /** Constants that another value has made free already. */
  readonly #claimed = new Set<Value>();
  /** Nodes that are folded, and their operations. */
  readonly #worked = new Set<Node>();
  #work = 0;

  constructor(model: Model) {
    this.#left = model.budget.limitOf('folding-bytes');
  }

  /** The reason to leave a value computed; undefined where it may be folded. `constant`: the nodes that would go. */
  refusal(value: Value, constant: ReadonlySet<Node>): string | undefined {
    const bytes = bytesOf(value);
    const { budget } = value.graph.model;
    const most = budget.limitOf('folding-work');
    const { constants, largest, work } = sourcesOf(value, most);
    const read = [...constants].reduce((sum, { tensor }) => sum + (tensor?.byteLength ?? 0), 0);
    const operations = sumOf(work);
    if (operations > most && operations < Number.POSITIVE_INFINITY) return budget.reasonOf('folding-work');
    if (bytes === undefined && (largest === Number.POSITIVE_INFINITY || read > GROWTH))
      return 'not folded: the size of the result is not known';
    const growth = (bytes ?? 0) - freed(constants, constant);
    if (growth > GROWTH) return 'not folded: the file would grow by more than 64 KiB';
    if (growth > TWICE && read <= FEW && [...work.keys()].every(repeats))
      return 'not folded: it repeats few numbers, as the runtime does when it loads the model';
    if (growth > TWICE && [...constants].some((one) => isLarge(one) && !isFreed(one, constant)))
      return 'not folded: a weight that others read as well would be stored twice';
    if (read > LARGE) return 'not folded: it reads more than 16 MiB of weights';
    if (largest > 8 * LARGE) return 'not folded: a step on the way is larger than 128 MiB';
    return operations > most ? budget.reasonOf('folding-work') : undefined;
  }

  /** Takes what a value adds from the budgets; the one that is short, where one is. */
  shortFor(value: Value, constant: ReadonlySet<Node>): BudgetName | undefined {
    const most = value.graph.model.budget.limitOf('folding-work');
    const { constants, work } = sourcesOf(value, most);
    const added = [...work].filter(([node]) => !this.#worked.has(node));
    if (this.#work + sumOf(added) > most) return 'folding-work';
    const unclaimed = new Set([...constants].filter((one) => !this.#claimed.has(one)));
    const growth = (bytesOf(value) ?? 0) - freed(unclaimed, constant);
    if (growth > this.#left) return 'folding-bytes';
    this.#left -= Math.max(0, growth);
    for (const one of constants) this.#claimed.add(one);
    for (const [node] of added) this.#worked.add(node);
    this.#work += sumOf(added);
    return undefined;
  }
}

const sumOf = (work: Iterable<readonly [Node, number]>): number => {
  let sum = 0;
  for (const [, operations] of work) sum += operations;
  return sum;
};

/** The bytes of constants that only removed nodes read. */
function freed(constants: ReadonlySet<Value>, constant: ReadonlySet<Node>): number {
  let bytes = 0;
  for (const value of constants) if (isFreed(value, constant)) bytes += value.tensor?.byteLength ?? 0;
  return bytes;
}

const isFreed = (value: Value, constant: ReadonlySet<Node>): boolean =>
  [...value.uses].every((use) => constant.has(use.node));

const isLarge = ({ tensor }: Value): boolean => tensor !== undefined && tensor.byteLength > TWICE;
