/** int8: products with constant weights compute in 8 bits, their activations quantized as they come; all other weights are stored in 8 bits. */

import { z } from 'zod';
import type { Model } from '../src/ir/model.js';
import type { Node } from '../src/ir/node.js';
import { computesIn, type Target } from '../src/ir/targets/targets.js';
import { elementCount } from '../src/ir/tensors/tensor.js';
import type { Value } from '../src/ir/value.js';
import { castTo } from '../src/ir/whole-model/widen.js';
import { EXACT_CPUS, INEXACT_CPUS } from '../src/run/cpus.js';
import { definePass } from '../src/run/pass.js';
import { saturatesOn } from '../src/run/target-cpu.js';
import type { BlockForm } from './precision/block/form.js';
import { blockProduct } from './precision/block/products.js';
import { lookUpInBlocks } from './precision/block/tables.js';
import { BlockWeights } from './precision/block/weights.js';
import { computeIn8Bits } from './precision/integer/compute.js';
import { quantizeConvs } from './precision/integer/convolution/static.js';
import { DynamicInt8 } from './precision/integer/dynamic.js';
import { whyNotComputed } from './precision/integer/pays.js';
import { keeps } from './precision/keep.js';
import { LeftWeights } from './precision/left-alone.js';
import { knownInputs } from './precision/moments/measure.js';
import type { Product } from './precision/product.js';
import { quiet } from './precision/quiet.js';
import { fitSource } from './precision/source/fit.js';
import { storeAsBytes } from './precision/weights/bytes.js';
import { type WeightSite, weightSites } from './precision/weights/sites.js';
import { bytesInFloat32 } from './precision/weights/wide.js';

export const int8 = definePass({
  name: 'int8',
  summary:
    'Stores weights as int8, by channel or block; MatMul, Gemm and LSTM compute in it, activations quantized as they come.',
  fidelity: 'lossy',
  needs: ['types', 'weights', 'activations', 'simulated'],
  opset: 13,
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
    compute: z
      .union([z.literal('auto'), z.boolean()])
      .default(true)
      .describe(
        'MatMul, Gemm and LSTM compute in 8 bits; false: their weights are stored in it alone; auto: where that costs little error and saves time.',
      ),
    activations: z
      .enum(['tensor', 'row'])
      .default('tensor')
      .describe(
        'One scale for all of an activation, or one for each row, so that no row changes another; slower; cpu.',
      ),
    unsigned: z
      .boolean()
      .default(false)
      .describe(
        'Weights of MatMul and Gemm are uint8: exact on every CPU without 7 bits, slower on those with VNNI; cpu.',
      ),
    weights: z
      .boolean()
      .default(false)
      .describe(
        'MatMul and Gemm read 8 bits by blocks of 32, activations stay float; always so where the target computes in no int8.',
      ),
    share: z
      .number()
      .positive()
      .max(1)
      .optional()
      .describe(
        'Share of a float32 file up to which stored weights have 16 bits instead, those first that move the outputs most; absent: 0.275, for convolutions.',
      ),
    static: z
      .boolean()
      .default(false)
      .describe(
        'Convolutions too, in the ranges that the inputs given (--inputs, 8 sets or more) show: for inputs like these; cpu.',
      ),
    maxStaticError: z
      .number()
      .positive()
      .default(0.03)
      .describe('Largest relative error of an output that convolutions may cost; those that cost the most stay float.'),
  }),
  // Few rows may not be worth rounding: weights in 8 bits, read as floats.
  variants: (options, target) =>
    computesIn(target, 'int8') && !options.weights ? [{ ...options, weights: true }] : [],
  async run(model, options, context) {
    const { keep, minElements, maxWeightError, reduceRange, share, unsigned } = options;
    const isByRow = options.activations === 'row';
    const bytesBefore = bytesInFloat32(model, context);
    fitSource(model, context);
    const isKept = keeps(keep);
    const isExact = reduceRange === 'auto' ? saturatesOn(context.targetCpu) : reduceRange;
    const isDynamic = computesIn(context.target, 'int8') && !options.weights;
    const settings = { minElements, maxWeightError, isExact: isExact || unsigned, isDynamic, isKept };
    const makeDynamic = () =>
      new DynamicInt8({ isExact: isExact && !unsigned, isByRow, maxWeightError, isUnsigned: unsigned });
    const whyNot =
      options.compute === 'auto' && isDynamic
        ? await whyNotComputed(model, context, async (copy) => {
            const rewrite = dynamicProduct(makeDynamic());
            await computeIn8Bits(copy, quiet(context), { ...settings, rewrite, leave: () => {} });
          })
        : undefined;
    const compute = options.compute !== false && whyNot === undefined;
    if (whyNot) context.note(`products are stored in 8 bits and compute in float: ${whyNot}`);
    const dynamic = makeDynamic();
    const blocks = new BlockWeights({ forms: [BLOCK], maxWeightError, importances: new Map() });
    const rewrite = isDynamic ? dynamicProduct(dynamic) : inBlocks(blocks, context.target);
    const lookUp = (node: Node) =>
      isDynamic ? dynamic.lookUp(node) : compute && lookUpInBlocks(node, blocks, BLOCK, context);
    const known = await knownInputs(model, storedAlone(model, compute, minElements), context);
    const left = new LeftWeights(model);
    const refused: (readonly [reason: string, node: Node])[] = [];
    const refuse = (reason: string, node: Node) => refused.push([reason, node]);
    let count = 0;
    let hasRows = false;
    const isStatic = options.static && isDynamic;
    if (isStatic)
      count += await quantizeConvs(model, context, {
        isExact,
        maxError: options.maxStaticError,
        isKept,
        leave: context.skip,
      });
    if (compute) {
      const computed = await computeIn8Bits(model, context, { ...settings, rewrite, leave: refuse });
      count += computed.count;
      hasRows = computed.hasRows;
    }
    const stored = await storeAsBytes(
      model,
      { isKept, minElements, maxWeightError, known, share, bytesBefore, lookUp },
      context,
    );
    for (const [reason, node] of refused)
      if (stored.readers.has(node)) context.skip(`computed in float, its weight stored in 8 bits: ${reason}`, node);
      else if (!stored.told.has(node)) context.skip(reason, node);
    if (stored.count > 0) context.note(`weights stored as int8 and computed with as floats: ${stored.count}`);
    if (stored.lookups > 0) context.note(`lookups of rows that stay int8 in memory: ${stored.lookups}`);
    left.addAll(model, context.timesOf);
    const leftText = left.text();
    if (leftText) context.note(leftText);
    if (count === 0 || !isDynamic) return;
    context.note(settings.isExact ? EXACT_CPUS : INEXACT_CPUS);
    if (!isByRow && hasRows)
      context.note('one scale for all rows: NaN or outliers in one change the others (activations=row)');
  },
});

/** The weights that are stored in 8 bits and computed with as floats, but for those of products that cannot compute in them. */
const storedAlone = (model: Model, compute: boolean, minElements: number): WeightSite[] =>
  weightSites(model, { withLayers: true }).filter(
    ({ tensor, main: { role } }) =>
      elementCount(tensor.shape) >= minElements && (role === 'convolution' || (role === 'product' && !compute)),
  );

/** The quantized product, alpha included, in the type of the node. */
const dynamicProduct =
  (dynamic: DynamicInt8) =>
  (product: Product): Value | string => {
    const result = dynamic.rewrite(product);
    return typeof result === 'string' || product.elem === 'float32'
      ? result
      : castTo(product.node.graph, result, product.elem);
  };

const BLOCK: BlockForm = { bits: 8, block: 32, isSymmetric: true };

const inBlocks =
  (weights: BlockWeights, target: Target) =>
  (product: Product): Value | string => {
    const form = weights.formOf(product.weight);
    return typeof form === 'string' ? form : blockProduct(product, weights, form, target);
  };
