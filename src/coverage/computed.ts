/**
 * The multiply-adds of a model by the element type in which they are computed: products, convolutions, recurrence and attention, wherever they
 * stand. A call of a function counts its body, a loop as many rounds as are known, an If the branch that takes more.
 */
import { Work } from '../infer/work.js';
import type { Graph } from '../ir/graph.js';
import type { ModelFunction } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import { calleesFirst } from '../ir/scopes/call-order.js';
import { computesIn, type Target } from '../ir/targets/targets.js';
import type { DataType } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import type { SizesAt } from '../ops/products.js';
import { rowOf } from '../ops/registry.js';
import { numericShape } from '../ops/shapes.js';
import type { SizedModel } from './sized.js';

export interface Computed {
  /** Multiply-adds by element type, the most first. */
  readonly byType: Readonly<Record<string, number>>;
  /** Nodes whose number of multiply-adds is unknown, by op. */
  readonly notCounted: Readonly<Record<string, number>>;
}

class Unsized extends Error {}

const sized = (value: Value | undefined): readonly number[] => {
  const shape = numericShape(value?.shape);
  if (!shape) throw new Unsized();
  return shape;
};

const sizesAt = (node: Node): SizesAt => ({
  node,
  has: (input) => node.inputs[input] !== undefined,
  input: (index) => sized(node.inputs[index]),
  output: (index) => sized(node.outputs[index]),
});

/** The multiply-adds of one run of a node; NaN where they are not known, undefined for a node without any. */
export function productsOf(node: Node): number | undefined {
  const rule = rowOf(node)?.products;
  if (!rule) return undefined;
  try {
    return rule(sizesAt(node));
  } catch (error) {
    if (error instanceof Unsized) return Number.NaN;
    throw error;
  }
}

const isByte = (type: DataType | undefined): boolean => type === 'int8' || type === 'uint8';

/** True for a factor that is bytes behind a DequantizeLinear: runtimes multiply the bytes where all factors are such. */
const isOfBytes = (value: Value | undefined): boolean =>
  value?.producer?.is('DequantizeLinear') === true && isByte(value.producer.inputs[0]?.elem);

/** The type that a node multiplies in on a target; float32 for a narrow float that the target has no kernels for. */
function typeOf(node: Node, target: Target): string {
  const [first, second] = node.inputs;
  const elem = first?.elem ?? node.outputs[0]?.elem;
  const isInteger = rowOf(node)?.multipliesIn8Bits?.(node) || isByte(elem) || (isOfBytes(first) && isOfBytes(second));
  if (isInteger) return 'int8';
  const isNarrow = elem === 'float16' || elem === 'bfloat16';
  return isNarrow && !computesIn(target, elem) ? 'float32' : (elem ?? 'unknown');
}

type CountsByType = Record<string, number>;

const sumOf = (counts: CountsByType): number => Object.values(counts).reduce((a, b) => a + b, 0);

function addTo(into: CountsByType, more: CountsByType, times = 1): void {
  for (const [key, n] of Object.entries(more)) into[key] = (into[key] ?? 0) + n * times;
}

/** Adds up the multiply-adds of one scope. */
class Tally {
  readonly byType: CountsByType = {};
  readonly notCounted: CountsByType = {};

  add({ byType, notCounted }: Tally, times = 1): void {
    addTo(this.byType, byType, times);
    addTo(this.notCounted, notCounted, times);
  }
}

/** Counts the multiply-adds of a model whose sizes are known. */
export function computedIn({ model, facts }: SizedModel, target: Target): Computed {
  const work = new Work((value) => facts.contents(value), 1);
  const calls = new Map<ModelFunction, Tally>();
  const tallyOf = (graph: Graph): Tally => {
    const tally = new Tally();
    for (const node of graph.nodes()) {
      const called = model.functionOf(node);
      const bodies = node.bodies.map(tallyOf);
      const count = called ? undefined : productsOf(node);
      const callee = called && calls.get(called);
      if (callee) tally.add(callee);
      if (node.is('If')) tally.add(bodies.reduce((a, b) => (sumOf(b.byType) > sumOf(a.byType) ? b : a)));
      else for (const body of bodies) tally.add(body, work.roundsOf(node));
      if (Number.isNaN(count)) addTo(tally.notCounted, { [node.opType]: 1 });
      else if (count) addTo(tally.byType, { [typeOf(node, target)]: count });
    }
    return tally;
  };
  for (const one of calleesFirst(model)) calls.set(one, tallyOf(one.graph));
  const { byType, notCounted } = tallyOf(model.graph);
  return { byType: Object.fromEntries(Object.entries(byType).sort(([, a], [, b]) => b - a)), notCounted };
}
