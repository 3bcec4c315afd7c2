/** Adds the nodes that stand in a site's place, named after it. */
import type { Graph } from '../../src/ir/graph.js';
import { tensorOf } from '../../src/ir/numbers.js';
import type { Value } from '../../src/ir/value.js';

export class Builder {
  constructor(
    readonly graph: Graph,
    readonly name: string,
    readonly rank: 3 | 4,
  ) {}
  op(opType: string, inputs: readonly (Value | undefined)[], attributes = {}): Value {
    return this.graph.add(opType, inputs, { attributes, name: this.#label(opType), outputs: [this.#label(opType)] })
      .output;
  }
  /** The kernel itself. */
  attention(inputs: readonly (Value | undefined)[], attributes = {}): Value {
    const label = this.#label('Attention');
    return this.graph.add('MultiHeadAttention', inputs, {
      domain: 'com.microsoft',
      attributes,
      name: label,
      outputs: [`${label}_output`],
    }).output;
  }
  /** Size-1 axes at these places of the result. */
  unsqueeze(value: Value, axes: readonly number[]): Value {
    if ((this.graph.opsets.get('') ?? 13) < 13) return this.op('Unsqueeze', [value], { axes: [...axes] });
    return this.op('Unsqueeze', [value, this.ints(...axes)]);
  }
  ints(...values: number[]): Value {
    return this.graph.constant(tensorOf('int64', values), this.#label('shape'));
  }
  #label(suffix: string): string {
    return this.name ? `${this.name.replace(/\/[^/]*$/, '')}/${suffix}` : suffix;
  }
}
