/**
 * What the rounding of a convolution's weight adds to the mean of its results, which the bias behind it takes back.
 *
 * Why this way: most of what 8 bits do to a network of pictures is a shift of its channels, as activations have means. Means are decided by biases, so that
 * made-up pictures tell them. Rounded weights alone, the same with means of made-up pictures, with those of the real inputs (relative L2 on these): a
 * recognizer of texts 0.10, 0.014, 0.011 (8, 10, 10 of 10 texts); detectors of faces 0.045, 0.039, 0.039 and 0.082, 0.035, 0.032.
 */
import { GraphBuilder } from '../../../src/ir/build.js';
import { symbol } from '../../../src/ir/dims/dims.js';
import type { Graph } from '../../../src/ir/graph.js';
import type { Model } from '../../../src/ir/model.js';
import type { Node } from '../../../src/ir/node.js';
import { numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import { derivedTensor, type Tensor } from '../../../src/ir/tensors/tensor.js';
import { tensorType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { cloneModel } from '../../../src/ir/whole-model/clone.js';
import type { PassContext } from '../../../src/run/pass.js';
import { decodedTensor } from '../weights/decode.js';
import type { MeanShift, MeanShifts, NarrowSite } from '../weights/narrow-site.js';
import type { WeightSite } from '../weights/sites.js';
import { isCast } from './rows.js';

/** Weights of this many bytes together are looked at: their changes are held in memory as floats. */
const MOST = 64 * 2 ** 20;

const MEMORY = 'shifts of means by weights in 8 bits';

/** Measures the shifts of convolutions in the main graph that have a bias, or whose results go to one that has. */
export async function meanShifts(
  model: Model,
  sites: readonly NarrowSite[],
  { activations, simulated, trials }: PassContext,
): Promise<MeanShifts> {
  const measure = activations ?? simulated;
  const found = new Map<Tensor, MeanShift>();
  if (!measure) return found;
  let room = MOST;
  // Inlined calls of a function have one tensor, and a bias each.
  const count = new Map<Tensor, number>();
  for (const { site } of sites) count.set(site.tensor, (count.get(site.tensor) ?? 0) + 1);
  const wanted = sites.flatMap(({ site, stored }) => {
    const isAlone = site.value.graph === model.graph && count.get(site.tensor) === 1;
    const place = isAlone ? placeOf(site) : undefined;
    if (place) room -= site.tensor.byteLength;
    return place && room >= 0 ? [{ tensor: site.tensor, stored, ...place }] : [];
  });
  const known = new Map(trials?.memory.get(MEMORY) as ReadonlyMap<Tensor, Float32Array> | undefined);
  const missing = wanted.filter(({ tensor }) => !known.has(tensor));
  if (missing.length > 0) {
    const copies = new Map<Value, Value>();
    const copy = cloneModel(model, undefined, copies);
    const requests = missing.map(({ tensor, stored, path }) => {
      const change = differenceOf(tensor, decodedTensor(stored, tensor.shape));
      const value = meansOf(copy.graph, path, change, (one) => copies.get(one) ?? one);
      return { tensor, value, axis: 1, meansAlone: true };
    });
    const measured = await measure(requests);
    for (const { tensor, value } of requests) {
      const statistics = measured.get(value);
      if (!statistics) continue;
      const { means, meanSquares } = statistics;
      if (!meanSquares.every(Number.isFinite)) continue;
      known.set(
        tensor,
        means.map((mean, n) => mean * steadiness(mean, meanSquares[n] as number)),
      );
    }
    trials?.memory.set(MEMORY, known);
  }
  for (const { tensor, bias } of wanted) {
    const numbers = known.get(tensor);
    if (numbers && numbers.length === bias.tensor?.shape[0]) found.set(tensor, { bias, numbers });
  }
  return found;
}

/** The share of a shift that is the same on all pictures: what changes from one to the next is another on others. */
const steadiness = (mean: number, meanSquare: number): number =>
  meanSquare > 0 ? Math.min(1, mean ** 2 / meanSquare) : 0;

/** The convolutions from a weight's to the first with a constant bias of its own, all without a function between. */
function placeOf({ main, uses }: WeightSite): { readonly path: readonly Node[]; readonly bias: Value } | undefined {
  const { node, slot, views } = main;
  if (uses.length > 1 || !views.every(isCast) || slot !== 1 || node.domain !== '') return undefined;
  if (!node.is('Conv') && !node.is('ConvTranspose')) return undefined;
  const path: Node[] = [];
  for (let at: Node | undefined = node; at; at = nextOf(at)) {
    if (at.hasReference) return undefined;
    path.push(at);
    const bias = at.inputs[2];
    if (bias)
      return bias.tensor?.type === 'float32' && bias.uses.size === 1 && !bias.isInput ? { path, bias } : undefined;
  }
  return undefined;
}

/** The convolution that alone reads the results of one without a bias. */
function nextOf({ output }: Node): Node | undefined {
  const [use, ...others] = output.uses;
  return use?.index === 0 && others.length === 0 && use.node.is('Conv') && use.node.domain === ''
    ? use.node
    : undefined;
}

/** The means of the channels behind the convolutions, the first with the change in place of its weight, none with a bias. */
function meansOf(graph: Graph, path: readonly Node[], change: Tensor, copyOf: (value: Value) => Value): Value {
  const build = new GraphBuilder(graph);
  let value = copyOf(path[0]?.inputs[0] as Value);
  for (const [at, node] of path.entries()) {
    const weight = at === 0 ? build.constant(change) : copyOf(node.inputs[1] as Value);
    const { output } = graph.add(node.opType, [value, weight]);
    for (const [name, attribute] of node.attributes) graph.setAttribute(output.producer as Node, name, attribute);
    value = output;
  }
  const rank = change.shape.length;
  const type = tensorType('float32', [symbol('batch'), symbol('channels'), ...Array<number>(rank - 2).fill(1)]);
  return build.op('GlobalAveragePool', [value], {}, { type });
}

/** What was taken from the weight. */
const differenceOf = (exact: Tensor, rounded: Tensor): Tensor =>
  derivedTensor('float32', exact.shape, () => {
    const numbers = numbersOf(rounded);
    return tensorOf(
      'float32',
      numbersOf(exact).map((number, i) => number - (numbers[i] as number)),
      exact.shape,
    ).chunks();
  });
