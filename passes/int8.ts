/** Dynamic int8: products with constant weights compute in 8 bits; activations are quantized as they come. */

import { z } from 'zod';
import { derive } from '../src/ir/bank.js';
import { GraphBuilder } from '../src/ir/build.js';
import type { Model } from '../src/ir/model.js';
import type { Node } from '../src/ir/node.js';
import { numbersOf, tensorOf } from '../src/ir/numbers.js';
import { computesIn } from '../src/ir/targets.js';
import { elementCount, type Tensor } from '../src/ir/tensor.js';
import type { Value } from '../src/ir/value.js';
import { castTo } from '../src/ir/widen.js';
import { EXACT_CPUS, INEXACT_CPUS } from '../src/run/cpus.js';
import { definePass, type PassContext } from '../src/run/pass.js';
import { saturatesOn } from '../src/run/target-cpu.js';
import { BlockInt8 } from './precision/block-int8.js';
import { quantizeConvs } from './precision/integer/convolution/static.js';
import { DynamicInt8 } from './precision/integer/dynamic.js';
import { groupsOf, moveOutliers } from './precision/integer/outliers.js';
import { keeps } from './precision/keep.js';
import { LeftWeights, whyLeftAlone } from './precision/left-alone.js';
import { type Product, productOf, weightCount } from './precision/product.js';
import { coordinateNodes } from './precision/sensitive.js';
import { fitSource } from './precision/source/fit.js';

/** The opset that brought DynamicQuantizeLinear (MatMulInteger came one before). */
const DYNAMIC_QUANTIZATION = 11;

/** Bias constants up to this size are multiplied by beta here; larger ones by a node. */
const SMALL_BIAS = 1 << 16;

export const int8 = definePass({
  name: 'int8',
  summary: 'Quantizes MatMul and Gemm weights to int8, a scale per channel; activations are quantized dynamically.',
  fidelity: 'lossy',
  needs: ['types', 'weights', 'activations'],
  opset: 11,
  options: z.object({
    keep: z.array(z.string()).default([]).describe('Op types or node names (* for any text) that stay in float.'),
    minElements: z.number().int().min(1).default(1024).describe('Smallest weight that is worth quantizing.'),
    maxWeightError: z
      .number()
      .positive()
      .default(0.05)
      .describe('Largest relative change of a weight (norm of the difference over the norm); cpu.'),
    reduceRange: z
      .union([z.literal('auto'), z.boolean()])
      .default('auto')
      .describe(
        'Weights whose 8-bit sums are exact on x64 CPUs without VNNI too; auto: unless targetCpu names none of these; cpu.',
      ),
    rows: z
      .boolean()
      .default(false)
      .describe('A scale for each row of an activation, so that no row changes another; slower; cpu.'),
    static: z
      .boolean()
      .default(false)
      .describe('Convolutions too, in the ranges that the inputs given (--inputs) show: for inputs like these; cpu.'),
    maxStaticError: z
      .number()
      .positive()
      .default(0.03)
      .describe('Largest relative error of an output that convolutions may cost; those that cost the most stay float.'),
  }),
  variants: () => [],
  async run(model, options, context) {
    const { keep, minElements, maxWeightError, reduceRange, rows } = options;
    fitSource(model, context);
    const isKept = keeps(keep);
    const isExact = reduceRange === 'auto' ? saturatesOn(context.targetCpu) : reduceRange;
    const dynamic = new DynamicInt8({ isExact, isByRow: rows, maxWeightError });
    const rewrite = computesIn(context.target, 'int8') ? dynamicProduct(dynamic) : blockProduct(new BlockInt8());
    const left = new LeftWeights(model);
    const leave = (reason: string, node: Node): void => {
      context.skip(reason, node);
      left.add(node, context.timesOf(node));
    };
    let count = 0;
    let hasRows = false;
    const isStatic = options.static && computesIn(context.target, 'int8');
    const whyNot = (node: Node) => (isKept(node) ? 'kept in float as asked' : context.leaves(node));
    if (isStatic)
      count += await quantizeConvs(model, context, { isExact, maxError: options.maxStaticError, whyNot, leave });
    const nodes: Node[] = [];
    for (const product of productsOf(model, leave, isKept, minElements, isStatic)) {
      const reason =
        weightCount(product.weight) < minElements
          ? `its weight has fewer than ${minElements} elements`
          : (obstacle(product, context) ?? context.leaves(product.node));
      if (reason) leave(reason, product.node);
      else nodes.push(product.node);
    }
    if (computesIn(context.target, 'int8') && !rows) await spreadOutliers(nodes, isExact, context);
    for (const node of nodes) {
      // Read again: what was rewritten before computes its activation.
      const product = productOf(node) as Product;
      const { shape } = product.activation;
      const result = rewrite(product);
      if (typeof result === 'string') leave(result, node);
      else {
        hasRows ||= shape === undefined || shape.slice(0, -1).some((dim) => dim !== 1);
        finish(product, result);
        count++;
      }
    }
    const leftText = left.text();
    if (leftText) context.note(leftText);
    if (count === 0 || !computesIn(context.target, 'int8')) return;
    context.note(isExact ? EXACT_CPUS : INEXACT_CPUS);
    if (!rows && hasRows)
      context.note('one scale for all rows: NaN or outliers in one change the others (option rows)');
  },
});

/** One scale for an activation is as coarse as its largest channel asks for; outlying ones move into the weights. */
async function spreadOutliers(nodes: readonly Node[], isExact: boolean, context: PassContext): Promise<void> {
  const groups = groupsOf(nodes.map((node) => productOf(node) as Product));
  const requests = groups.map(({ activation }) => ({ value: activation }));
  const measured = requests.length > 0 ? await context.activations?.(requests) : undefined;
  const moved = moveOutliers(groups, measured ?? new Map(), isExact);
  const count = moved.reduce((sum, node) => sum + context.timesOf(node), 0);
  const by = measured ? 'as the inputs show' : 'as the scales of norms show';
  if (count > 0) context.note(`outlying channels of ${count} activations went into the weights that read them, ${by}`);
}

/** The products of every scope. */
function* productsOf(
  model: Model,
  skip: (reason: string, node: Node) => void,
  isKept: (node: Node) => boolean,
  minElements: number,
  isStatic: boolean,
): Iterable<Product> {
  const angles = coordinateNodes(model, true);
  for (const graph of model.graphs())
    for (const node of graph.nodes()) {
      if (isStatic && node.is('Conv')) continue;
      const found = productOf(node) ?? whyLeftAlone(node, minElements);
      if (found === undefined) continue;
      if (typeof found === 'string') skip(found, node);
      else if (isKept(node)) skip('kept in float as asked', node);
      else if (angles.has(node)) skip('it gives positions or angles, which 8 bits cannot tell apart', node);
      else yield found;
    }
}

/** The kernel or opset that is missing, in words. */
function obstacle({ node, elem, activation }: Product, { target, hasKernel }: PassContext): string | undefined {
  if (activation.elem !== undefined && activation.elem !== elem) return `its activation is ${activation.elem}`;
  if (!computesIn(target, 'int8'))
    return hasKernel('MatMulNBits', 'com.microsoft', 1, elem) ? undefined : `MatMulNBits takes no ${elem} on ${target}`;
  if (elem === 'bfloat16') return 'bfloat16 products are not quantized on cpu';
  const opset = node.graph.opsets.get('') ?? 0;
  if (opset < DYNAMIC_QUANTIZATION) return `DynamicQuantizeLinear needs opset 11; the model has ${opset}`;
  return undefined;
}

/** The quantized product, alpha included, in the type of the node. */
const dynamicProduct =
  (dynamic: DynamicInt8) =>
  (product: Product): Value | string => {
    const result = dynamic.rewrite(product);
    return typeof result === 'string' || product.elem === 'float32'
      ? result
      : castTo(product.node.graph, result, product.elem);
  };

const blockProduct =
  (block: BlockInt8) =>
  (product: Product): Value | string => {
    const result = block.rewrite(product);
    return typeof result === 'string' ? result : scaled(product, result, product.alpha);
  };

/** factor × value. */
function scaled({ node: { graph }, elem }: Product, value: Value, factor: number): Value {
  if (factor === 1) return value;
  const { tensor } = value;
  if (tensor && elementCount(tensor.shape) <= SMALL_BIAS)
    return graph.constant(
      derive([tensor], elem, tensor.shape, (one) =>
        tensorOf(
          elem,
          numbersOf(one as Tensor).map((number) => number * factor),
          tensor.shape,
        ).chunks(),
      ),
      `${value.name}_scaled`,
    );
  const build = new GraphBuilder(graph);
  return build.op('Mul', [value, build.constant(elem, factor)], {}, { type: value.type });
}

/** Adds the bias and puts the result in the node's place. */
function finish(product: Product, result: Value): void {
  const { node, bias, beta } = product;
  const { graph, output } = node;
  const sum = bias ? graph.add('Add', [result, scaled(product, bias, beta)]).output : result;
  sum.type = output.type;
  sum.name = output.name;
  graph.replaceUses(output, sum);
}
