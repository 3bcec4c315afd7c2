/**
 * Raises a model to the operator set whose Cast takes 4 bits, where weights that no kernel reads in blocks have no other form of 4 bits: convolutions, mostly.
 * Only where these are more than a trifle, every op has a later form that means the same, and the target has kernels for all of them.
 */
import { inferTypes } from '../../../src/infer/index.js';
import type { Model } from '../../../src/ir/model.js';
import { loadsInt4 } from '../../../src/ir/targets/targets.js';
import { elementCount } from '../../../src/ir/tensors/tensor.js';
import { bytesText } from '../../../src/ir/text/quantities.js';
import { raiseOpset } from '../../../src/opset/raise.js';
import { tryRaise } from '../../../src/opset/trial.js';
import type { PassContext } from '../../../src/run/pass.js';
import { CAST_SINCE, onceRaised, priceOf, type StorageForm } from '../weights/forms.js';
import { type WeightSite, weightSites } from '../weights/sites.js';

const OPSET = CAST_SINCE.int4;

/** Of all numbers of weights: below this it stays at its set. */
const TRIFLE = 0.01;

/** What 4 bits in blocks save of a number of 8 bits, in bytes: a half, without two for the scale of each block. */
const savedEach = (block: number): number => 0.5 - 2 / block;

/** `sites`: weights that plain ops decode. */
export function raiseForInt4(
  model: Model,
  sites: readonly WeightSite[],
  { block, maxWeightError }: { readonly block: number; readonly maxWeightError: number },
  context: PassContext,
): void {
  const found = model.opsets.get('') ?? 0;
  const sizeOf = ({ value, tensor }: WeightSite): number => context.timesOf(value) * elementCount(tensor.shape);
  const sum = (list: readonly WeightSite[]): number => list.reduce((all, site) => all + sizeOf(site), 0);
  const trifle = TRIFLE * sum(weightSites(model));
  const low = sites.filter(({ value }) => (value.graph.opsets.get('') ?? 0) < OPSET);
  if (sum(low) <= trifle) return;
  const form: StorageForm = { type: 'int4', block };
  let paying = 0;
  // Each answer reads the whole weight.
  for (const site of [...low].sort((a, b) => sizeOf(b) - sizeOf(a))) {
    if (paying > trifle) break;
    const price = priceOf(site, form, onceRaised(site, form));
    if (typeof price === 'object' && price.error <= maxWeightError) paying += sizeOf(site);
  }
  if (paying <= trifle) return;
  const about = `about ${bytesText(sum(low) * savedEach(block))}`;
  const { refusal, lost } = tryRaise(model, OPSET, context.hasKernel);
  const [without] = lost;
  if (refusal || without || !loadsInt4(context.target)) {
    const missing = without ? `has no kernel for ${without.opType} of it` : 'loads no such Cast';
    const reason = refusal?.reason ?? `${context.target} ${missing}`;
    context.skip(
      `not raised to opset ${OPSET}, whose Cast takes int4, so that weights have 8 bits, ${about} more: ${reason}`,
      refusal?.at ?? without,
    );
    return;
  }
  raiseOpset(model, OPSET);
  inferTypes(model);
  context.note(
    `raised the opset from ${found} to ${OPSET}, whose Cast takes int4: weights that no kernel reads in blocks have 4 bits by it, ${about} less than in 8`,
  );
}
