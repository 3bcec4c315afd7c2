/** What whole numbers lie between, by what they are computed from. */
import type { Facts } from '../../src/infer/index.js';
import { dimBounds } from '../../src/ir/dims/bounds.js';
import type { Graph } from '../../src/ir/graph.js';
import type { Node } from '../../src/ir/node.js';
import { uniformOf } from '../../src/ir/tensors/bank.js';
import { numbersOf } from '../../src/ir/tensors/numbers.js';
import { elementCount } from '../../src/ir/tensors/tensor.js';
import { type DataType, dataTypes, isInteger } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { booleans, fitted, interval, intervalOf, joined, type Maybe } from '../../src/ops/interval.js';
import { heldBy } from '../../src/ops/moved.js';
import { rowOf } from '../../src/ops/registry.js';
import { boundsInBodies, type Enclosing } from './bodies.js';

/** A buffer of the targets that lack int64 holds less than 2³² bytes: of float32, fewer than 2³⁰ elements. */
const MOST_DIM = 2 ** 30 - 1;
/** Longer constants are not read for their bounds. */
const LONGEST = 2 ** 16;

export class IntegerBounds implements Enclosing {
  readonly #known: Map<Value, Maybe>;
  readonly #bodies = boundsInBodies(this);

  constructor(
    readonly facts: Facts,
    /** The inputs of a body, taken to lie between these, and what knows the rest. */
    readonly supposed?: { readonly body: Graph; readonly inputs: ReadonlyMap<Value, Maybe>; readonly outer: Enclosing },
  ) {
    this.#known = new Map(supposed?.inputs);
  }

  /** undefined where nothing is known. */
  of(value: Value | undefined): Maybe {
    if (!value) return undefined;
    if (this.supposed && !isInside(value.graph, this.supposed.body)) return this.supposed.outer.of(value);
    if (!this.#known.has(value)) {
      // No value is computed from itself; an answer is asked for once.
      this.#known.set(value, undefined);
      this.#known.set(value, this.#find(value) ?? ofType(value.elem));
    }
    return this.#known.get(value);
  }

  within(body: Graph, inputs: ReadonlyMap<Value, Maybe>): Enclosing {
    return new IntegerBounds(this.facts, { body, inputs, outer: this });
  }

  #find(value: Value): Maybe {
    const { producer: node, tensor } = value;
    if (tensor) {
      const uniform = elementCount(tensor.shape) <= LONGEST && tensor.type !== 'string' ? uniformOf(tensor) : undefined;
      return uniform && intervalOf(numbersOf(uniform));
    }
    if (node?.is('ArgMax') || node?.is('ArgMin')) {
      const { shape = [] } = node.inputs[0] ?? {};
      const { high } = dimBounds(shape.at(node.int('axis', 0)) ?? Number.NaN);
      return interval(0, high - 1);
    }
    const contents = this.facts.contents(value);
    const counted = contents && intervalOf(contents.flatMap((one) => Object.values(dimBounds(one))));
    if (counted && Number.isFinite(counted.high - counted.low)) return counted;
    if (!node) return this.#bodies.input(value);
    if (node.bodies.length > 0) return this.#bodies.output(node, value);
    return node.hasReference ? undefined : this.#computed(node, value);
  }

  #computed(node: Node, value: Value): Maybe {
    if (node.is('Shape')) return interval(0, MOST_DIM);
    if (node.is('ConstantOfShape')) {
      const filled = node.attributes.get('value');
      return filled?.type === 'tensor' ? intervalOf(numbersOf(filled.value)) : interval(0, 0);
    }
    if (node.is('Range')) {
      const [start, limit, delta] = node.inputs.map((input) => this.of(input));
      const [first, second] = delta && delta.low < 0 ? [limit, start] : [start, limit];
      return delta && delta.low > 0 === delta.high > 0 ? joined(first, second) : undefined;
    }
    return both(this.#held(value), this.#ranged(node, value));
  }

  /** Where it holds elements of others. */
  #held(value: Value): Maybe {
    const held = heldBy(value);
    if (held?.recast) return fitted(this.of(held.sources[0]), value.elem);
    const all = held?.sources.map((source) => this.of(source)).reduce(joined);
    return held?.fill === undefined ? all : joined(all, interval(held.fill, held.fill));
  }

  #ranged(node: Node, value: Value): Maybe {
    if (value.index > 0) return undefined;
    return fitted(
      rowOf(node)?.range?.((index) => this.of(node.inputs[index]), node),
      value.elem,
    );
  }
}

const both = (a: Maybe, b: Maybe): Maybe =>
  a && b ? interval(Math.max(a.low, b.low), Math.min(a.high, b.high)) : (a ?? b);

/** All that a type of fewer than 53 bits holds. */
function ofType(elem: DataType | undefined): Maybe {
  if (elem === 'bool') return booleans();
  const { bits, kind } = dataTypes[elem ?? 'undefined'];
  if (!isInteger(elem) || bits > 32) return undefined;
  return kind === 'signed' ? interval(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) : interval(0, 2 ** bits - 1);
}

function isInside(graph: Graph, body: Graph): boolean {
  for (let scope: Graph | undefined = graph; scope; scope = scope.parent) if (scope === body) return true;
  return false;
}
