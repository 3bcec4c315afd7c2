/** What a graph is made of, and how often. */
import type { Value } from '../../../../src/ir/value.js';
import { type Sketch, Unavailable } from '../sketch.js';
import * as activations from './activations.js';
import { attention, fusedAttention } from './attention.js';
import { conditional, loop, scan } from './control.js';
import * as elementwise from './elementwise.js';
import { localFunction, repeats, residual } from './functions.js';
import * as norms from './norms.js';
import * as other from './other.js';
import * as products from './products.js';
import { quantized, runtimeProduct } from './quantized.js';
import { rotary } from './rotary.js';
import { standardNode } from './standard.js';
import * as views from './views.js';

/** Adds nodes to a sketch; throws Unavailable where it cannot. */
type Recipe = (sketch: Sketch) => unknown;

const plain: Recipe[] = [
  ...[elementwise.unaryOp, elementwise.binaryOp, elementwise.where, elementwise.logical, elementwise.variadic],
  ...[elementwise.casts, elementwise.clip, elementwise.reduction, elementwise.softmax, elementwise.cumulative],
  ...[views.transposed, views.reshaped, views.squeezed, views.shapes, views.expanded],
  ...[elementwise.identity, ...Object.values(other)],
];

const structures: Recipe[] = [
  ...[norms.layerNorm, norms.rmsNorm, norms.channelNorm, norms.fusedNorm],
  ...[activations.gelu, activations.geluTanh, activations.silu, activations.mish, activations.hardSwish],
  ...[activations.fusedActivation, activations.gated, rotary, fusedAttention],
  ...[products.linear, products.shared, products.batched, products.convolution, quantized],
  ...[runtimeProduct, products.recurrent, products.embedding, products.widened],
];

const block = (s: Sketch, x: Value): Value => (s.chance(0.5) ? s.op('Add', [x, attention(s, x)]) : residual(s, x));

/** A chain of blocks. */
export const repeated = (sketch: Sketch): void => repeats(sketch, [residual, residual, block]);

/** By how often each is drawn, compared with the others. */
const recipes: readonly (readonly [recipe: Recipe, weight: number])[] = [
  ...plain.map((recipe) => [recipe, 1] as const),
  ...structures.map((recipe) => [recipe, 1] as const),
  [attention, 4],
  [standardNode, 8],
  [conditional(fill), 1],
  [loop(fill), 0.7],
  [scan(fill), 0.7],
  [localFunction, 1],
  [repeated, 0.7],
];

const total = recipes.reduce((sum, [, weight]) => sum + weight, 0);

/** Adds the nodes of so many recipes. */
export function fill(sketch: Sketch, count: number): void {
  for (let left = count, tries = 0; left > 0 && tries < 5 * count; tries++) {
    let at = sketch.random.next() * total;
    const [recipe] = recipes.find(([, weight]) => (at -= weight) < 0) ?? [];
    sketch.isStrict = sketch.random.next() < 0.6;
    try {
      recipe?.(sketch);
      left--;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
    }
  }
}
