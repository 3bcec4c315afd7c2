/**
 * What to expect of activations without any inputs: behind a norm each channel has the deviation of its scale and the mean of its shift; from there
 * on means and deviations follow from weights and activation functions, channel by channel.
 *
 * Why this way: errors of a column's numbers add up along the mean that activations have. Behind Relu, Gelu or a norm's shift it is a large part of
 * them, and rounding can leave no error along it at nearly no cost (`MeanFeedback`).
 */
import type { Node } from '../../../../src/ir/node.js';
import type { Value } from '../../../../src/ir/value.js';
import { type Product, productOf } from '../../product.js';
import { expectedImportance, type Importance } from '../importance.js';
import { functionOf } from './functions.js';
import { Spread } from './spread.js';
import { momentsBehind, numbersBehind } from './sums.js';

/** Nodes from an activation back to the norm or layer that it comes from. */
const MOST_NODES = 64;

/** Of activations of which nothing is known: an eighth of their deviation. It costs little where there is no mean. */
const MEAN = 1 / 8;

/** The importance of a product's activations, by what computes them. */
export function expectedOf({ activation, weight: { K } }: Pick<Product, 'activation' | 'weight'>): Importance {
  const found = new Spreads(K).of(activation);
  const isKnown =
    found?.channels === K && found.quantiles.every(Number.isFinite) && found.quantiles.some((x) => x !== 0);
  const spread = isKnown ? found : Spread.normal(new Float32Array(K).fill(MEAN), new Float32Array(K).fill(1));
  return expectedImportance(spread.means, spread.variances);
}

/** Norms by where their scale and shift stand. */
const norms: Readonly<Record<string, readonly [scale: number, shift: number | undefined]>> = {
  LayerNormalization: [1, 2],
  RMSNormalization: [1, undefined],
  SimplifiedLayerNormalization: [1, undefined],
  SkipLayerNormalization: [2, 3],
  SkipSimplifiedLayerNormalization: [2, undefined],
};

class Spreads {
  readonly #known = new Map<Value, Spread | undefined>();
  #left = MOST_NODES;

  constructor(
    readonly channels: number,
    readonly isWithinLayer = false,
  ) {}

  of(value: Value | undefined): Spread | undefined {
    const node = value?.producer;
    if (!value || !node || node.outputs[0] !== value) return undefined;
    if (!this.#known.has(value)) {
      if (this.#left-- <= 0) return undefined;
      this.#known.set(value, this.#computed(node));
    }
    return this.#known.get(value);
  }

  #computed(node: Node): Spread | undefined {
    const norm = norms[node.opType];
    if (norm)
      return this.#normed(constantsAt(node, norm[0]), norm[1] === undefined ? undefined : constantsAt(node, norm[1]));
    const product = productOf(node);
    if (typeof product === 'object') return this.isWithinLayer ? undefined : layer(product);
    if (node.is('Add') || node.is('Sub') || node.is('Mul') || node.is('Div')) return this.#arithmetic(node);
    if (node.is('Reshape') && node.inputs[0]?.shape?.at(-1) === node.output.shape?.at(-1))
      return this.of(node.inputs[0]);
    const f = functionOf(node);
    return f && this.of(node.inputs[0])?.map(f);
  }

  #normed(scales: Float64Array | undefined, shifts: Float64Array | undefined): Spread | undefined {
    if (scales?.length !== this.channels) return undefined;
    const means = shifts?.length === scales.length ? shifts : new Float64Array(scales.length);
    return Spread.normal(
      means,
      scales.map((one) => one * one),
    );
  }

  #arithmetic(node: Node): Spread | undefined {
    const [a, b] = node.inputs;
    const [left, right] = [numbersBehind(a), numbersBehind(b)];
    const numbers = left ?? right;
    if (!numbers) {
      const [x, y] = [this.of(a), this.of(b)];
      return x && y && x.channels === y.channels && !node.is('Div')
        ? x.with(y, node.opType as 'Add' | 'Sub' | 'Mul')
        : undefined;
    }
    const computed = left ? b : a;
    // A norm in single steps ends with a scale for each channel of what has deviation one.
    const x =
      this.of(computed) ??
      (node.is('Mul') && numbers.length > 1
        ? this.#normed(
            numbers.map(() => 1),
            undefined,
          )
        : undefined);
    if (!x || (numbers.length !== 1 && numbers.length !== x.channels)) return undefined;
    const of = (channel: number): number => numbers[numbers.length === 1 ? 0 : channel] as number;
    switch (node.opType) {
      case 'Add':
        return x.map((one, k) => one + of(k));
      case 'Mul':
        return x.map((one, k) => one * of(k));
      case 'Sub':
        return x.map((one, k) => (left ? of(k) - one : one - of(k)));
      default:
        return x.map((one, k) => (left ? of(k) / one : one / of(k)));
    }
  }
}

/** The result of a layer: a sum of many numbers. Of unknown numbers that it reads, all channels are taken to be alike. */
function layer({ activation, weight, alpha, beta, bias }: Product): Spread {
  const known = new Spreads(weight.K, true).of(activation);
  const none = new Float32Array(weight.K);
  const from =
    known?.channels === weight.K
      ? known
      : Spread.normal(
          none,
          none.map(() => 1),
        );
  const { means, variances } = momentsBehind(weight, from);
  const shifts = bias && numbersBehind(bias);
  return Spread.normal(
    means.map((mean, n) => alpha * mean + (shifts?.length === means.length ? beta * (shifts[n] as number) : 0)),
    variances.map((variance) => alpha * alpha * variance),
  );
}

const constantsAt = (node: Node, slot: number): Float64Array | undefined => numbersBehind(node.inputs[slot]);
