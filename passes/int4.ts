/** Weights in 4 bits by block: products and tables read them so; other weights are stored so and widened at load. */

import { z } from 'zod';
import { definePass } from '../src/run/pass.js';
import { importances } from './precision/block/activations.js';
import { costlyIn4Bits } from './precision/block/bearing.js';
import { expectedOf } from './precision/block/expected/expected.js';
import type { BlockForm } from './precision/block/form.js';
import { raiseForInt4 } from './precision/block/raise.js';
import { BlockSites, storageOf } from './precision/block/sites.js';
import { BlockWeights, weightKey } from './precision/block/weights.js';
import { keeps } from './precision/keep.js';
import { quiet } from './precision/quiet.js';
import { fitSource } from './precision/source/fit.js';
import type { WeightSite } from './precision/weights/sites.js';

const SIZES = [16, 32, 64, 128] as const;
/** Those that tuning tries: kernels for 16 are rare. */
const TUNED = [32, 64, 128] as const;

export const int4 = definePass({
  name: 'int4',
  aliases: ['q4'],
  summary:
    'Stores weights in 4 bits, a scale for each block, at opset 21 where they need it; activations stay float. Better with inputs.',
  fidelity: 'lossy',
  needs: ['types', 'weights', 'activations', 'simulated'],
  options: z.object({
    keep: z.array(z.string()).default([]).describe('Op types or node names (* for any text) whose weights stay.'),
    minElements: z.number().int().min(1).default(1024).describe('Smallest weight that is worth quantizing.'),
    block: z
      .literal(SIZES)
      .default(32)
      .describe('Numbers in a row, along the axis that is summed over, that share a scale: 16, 32, 64 or 128.'),
    type: z
      .enum(['int4', 'nf4'])
      .default('int4')
      .describe(
        'Levels at equal distances, or those of NF4, for products alone (MatMulBnb4: slower than float on CPUs).',
      ),
    symmetric: z
      .boolean()
      .default(false)
      .describe('Zero is the middle of the levels; else each block has a zero point.'),
    maxWeightError: z
      .number()
      .positive()
      .default(0.15)
      .describe(
        'Largest relative change of a weight (norm of the difference over the norm); beyond it 8 bits, or none.',
      ),
    measure: z
      .boolean()
      .default(true)
      .describe('Measures activations first, on made-up inputs where none are given; false: faster, and further off.'),
  }),
  saves: true,
  variants: (options) =>
    options.type === 'int4'
      ? TUNED.filter((block) => block !== options.block).map((block) => ({ ...options, block }))
      : undefined,
  async run(model, { keep, minElements, block, type, symmetric, maxWeightError, measure }, context) {
    fitSource(model, context);
    const uniform = ([4, 8] as const).map((bits): BlockForm => ({ bits, block, isSymmetric: symmetric }));
    const normal: BlockForm = { bits: 4, block, isSymmetric: true, isNormal: true };
    const forms = type === 'nf4' ? [normal, ...uniform] : uniform;
    const options = { isKept: keeps(keep), minElements };
    // Raising puts other nodes in the place of some: sites are found anew behind it.
    const { decoded } = new BlockSites(model, quiet(context), options);
    raiseForInt4(model, decoded, { block, maxWeightError }, context);
    const sites = new BlockSites(model, context, options);
    const known = new Map(measure ? await importances(sites.products, context) : []);
    for (const { activation, weight } of sites.products)
      if (!known.has(weightKey(weight))) known.set(weightKey(weight), expectedOf({ activation, weight }));
    const weights = new BlockWeights({ forms, maxWeightError, importances: known });
    const formOf = (site: WeightSite) => {
      const storage = storageOf(site, weights, context.target);
      return typeof storage === 'object' ? storage.form : undefined;
    };
    sites.rewrite(weights, measure ? await costlyIn4Bits(model, sites.decoded, formOf, context) : undefined);
  },
});
