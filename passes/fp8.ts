/** fp8: large products in 8-bit floats (e4m3), on cards whose tensor cores multiply them. */
import { z } from 'zod';
import { mayMultiplyFloat8, multipliesFloat8 } from '../src/ir/targets/targets.js';
import { definePass } from '../src/run/pass.js';
import { finish } from './precision/finish.js';
import { Float8Products, float8Obstacle } from './precision/float8.js';
import { keeps } from './precision/keep.js';
import { type Product, productOf } from './precision/product.js';

export const fp8 = definePass({
  name: 'fp8',
  summary:
    'Multiplies in 8-bit floats (e4m3), one scale a tensor, found as activations come; for --target cuda:sm89 and later.',
  fidelity: 'lossy',
  needs: ['types', 'weights'],
  opset: 19,
  options: z.object({
    keep: z.array(z.string()).default([]).describe('Op types or node names (* for any text) that stay as they are.'),
    minElements: z
      .number()
      .int()
      .min(1)
      .default(2 ** 20)
      .describe('Smallest weight whose product is computed so.'),
    maxWeightError: z.number().positive().default(0.05).describe('Largest relative error of a weight that is rounded.'),
  }),
  variants: (_, target) => (mayMultiplyFloat8(target) ? [] : undefined),
  run(model, { keep, minElements, maxWeightError }, context) {
    if (!multipliesFloat8(context.architecture)) {
      context.skip(
        'nothing to do: 8-bit floats are multiplied by cards from sm89 on. --target cuda:sm89 or cuda:sm90 says that it is one',
      );
      return;
    }
    const isKept = keeps(keep);
    const products = new Float8Products();
    let count = 0;
    for (const graph of model.graphs())
      for (const node of graph.nodes()) {
        const product = productOf(node);
        if (product === undefined) continue;
        const reason =
          typeof product === 'string'
            ? product
            : isKept(node)
              ? 'kept as asked'
              : (context.leaves(node) ?? float8Obstacle(product, { minElements, maxWeightError }, context));
        if (reason !== undefined) {
          context.skip(reason, node);
          continue;
        }
        // Read again: what was rewritten before computes its activation.
        const again = productOf(node) as Product;
        finish(again, products.put(again, context));
        count += context.timesOf(node);
      }
    if (count === 0) return;
    context.note(`${count} products in 8-bit floats`);
    context.note('one scale for all rows of an activation: NaN or outliers in one change the others');
  },
});
