/** Finds the products that compute in 8 bits, and the reason of each other one; moves outliers out of their activations. */
import type { Model } from '../../../src/ir/model.js';
import type { Node } from '../../../src/ir/node.js';
import { computesIn } from '../../../src/ir/targets/targets.js';
import type { PassContext } from '../../../src/run/pass.js';
import { spectrumNodes } from '../deciding.js';
import { type Product, productOf, weightCount } from '../product.js';
import { coordinateNodes } from '../sensitive.js';
import { groupsOf, moveOutliers } from './outliers.js';

/** The opset that brought DynamicQuantizeLinear (MatMulInteger came one before). */
const DYNAMIC_QUANTIZATION = 11;

export interface ProductChoice {
  readonly minElements: number;
  isKept(node: Node): boolean;
  leave(reason: string, node: Node): void;
}

/** The reason that a product of a model cannot compute in 8 bits; undefined where it can. */
export function obstaclesIn(model: Model, context: PassContext): (product: Product) => string | undefined {
  const angles = coordinateNodes(model, true);
  const spectra = spectrumNodes(model);
  return (product) =>
    angles.has(product.node)
      ? 'it gives positions or angles, which 8 bits cannot tell apart'
      : (spectra.get(product.node) ?? obstacle(product, context));
}

/** The nodes of the products of every scope that can be rewritten. */
export function productsFor8Bits(model: Model, context: PassContext, choice: ProductChoice): Node[] {
  const { minElements, isKept, leave } = choice;
  const obstacleOf = obstaclesIn(model, context);
  const reasonOf = (node: Node, product: Product): string | undefined => {
    if (isKept(node)) return 'kept in float as asked';
    if (weightCount(product.weight) < minElements) return `its weight has fewer than ${minElements} elements`;
    return obstacleOf(product) ?? context.leaves(node);
  };
  return [...model.graphs()]
    .flatMap((graph) => graph.nodes())
    .filter((node) => {
      const found = productOf(node);
      if (found === undefined) return false;
      const reason = typeof found === 'string' ? found : reasonOf(node, found);
      if (reason !== undefined) leave(reason, node);
      return reason === undefined;
    });
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

/** Moves outlying channels into the weights, because one scale for an activation is as coarse as its largest channel needs. */
export async function spreadOutliers(nodes: readonly Node[], isExact: boolean, context: PassContext): Promise<void> {
  const groups = groupsOf(nodes.map((node) => productOf(node) as Product));
  const requests = groups.map(({ activation }) => ({ value: activation }));
  const measured = requests.length > 0 ? await context.activations?.(requests) : undefined;
  const moved = moveOutliers(groups, measured ?? new Map(), isExact);
  const count = moved.reduce((sum, node) => sum + context.timesOf(node), 0);
  const by = measured ? 'as the inputs show' : 'as the scales of norms show';
  if (count > 0) context.note(`outlying channels of ${count} activations went into the weights that read them, ${by}`);
}
