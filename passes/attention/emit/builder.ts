/** Adds the nodes that stand in a site's place, named after it. */
import type { AttributeLike } from '../../../src/ir/attribute.js';
import type { Graph } from '../../../src/ir/graph.js';
import { tensorOf } from '../../../src/ir/numbers.js';
import type { DataType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';

export class Builder {
  constructor(
    readonly graph: Graph,
    readonly name: string,
  ) {}
  op(opType: string, inputs: readonly (Value | undefined)[], attributes = {}): Value {
    return this.graph.add(opType, inputs, { attributes, name: this.#label(opType), outputs: [this.#label(opType)] })
      .output;
  }
  /** The kernel itself. */
  attention(
    opType: string,
    domain: string,
    inputs: readonly (Value | undefined)[],
    attributes: Readonly<Record<string, AttributeLike | undefined>>,
  ): Value {
    const label = this.#label('Attention');
    return this.graph.add(opType, inputs, { domain, attributes, name: label, outputs: [`${label}_output`] }).output;
  }
  /** Size-1 axes at these places of the result. */
  unsqueeze(value: Value, axes: readonly number[]): Value {
    if ((this.graph.opsets.get('') ?? 13) < 13) return this.op('Unsqueeze', [value], { axes: [...axes] });
    return this.op('Unsqueeze', [value, this.ints(axes)]);
  }
  /** The value without these axes of size 1. */
  squeeze(value: Value, axes: readonly number[]): Value {
    if ((this.graph.opsets.get('') ?? 13) < 13) return this.op('Squeeze', [value], { axes: [...axes] });
    return this.op('Squeeze', [value, this.ints(axes)]);
  }
  /** Over one axis, which stays with size 1. */
  reduce(opType: 'ReduceMax' | 'ReduceMean', value: Value, axis: number): Value {
    if ((this.graph.opsets.get('') ?? 13) < 18) return this.op(opType, [value], { axes: [axis], keepdims: 1 });
    return this.op(opType, [value, this.ints(axis)], { keepdims: 1 });
  }
  ints(...values: (number | readonly number[])[]): Value {
    return this.graph.constant(tensorOf('int64', values.flat()), this.#label('shape'));
  }
  number(elem: DataType, value: number): Value {
    return this.graph.constant(tensorOf(elem, value));
  }
  #label(suffix: string): string {
    return this.name ? `${this.name.replace(/\/[^/]*$/, '')}/${suffix}` : suffix;
  }
}
