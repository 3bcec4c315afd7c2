/** Weights in 8 bits that products compute with, their activations rounded as they come: more error than 8 bits that are stored, and less time. */
import { computesIn, type Target } from '../../src/ir/targets/targets.js';
import { castTo } from '../../src/ir/whole-model/widen.js';
import { saturatesOn, type TargetCpu } from '../../src/run/target-cpu.js';
import { finish } from '../precision/finish.js';
import { DynamicInt8 } from '../precision/integer/dynamic.js';
import { columnErrorOf } from '../precision/integer/weight.js';
import { type Product, productOf } from '../precision/product.js';
import type { StoragePrice } from '../precision/weights/forms.js';
import type { WeightSite } from '../precision/weights/sites.js';
import { productsOf } from './product-form.js';

/** The form of a weight that products compute with. */
export interface DynamicForm {
  readonly type: 'dynamic';
  /** True where sums must be exact on CPUs that saturate. */
  readonly isExact: boolean;
}

/** The form on the CPUs that the result is meant for; undefined on a target that computes in no 8 bits. */
export const dynamicFormOn = (target: Target, cpus?: readonly TargetCpu[]): DynamicForm | undefined =>
  computesIn(target, 'int8') ? { type: 'dynamic', isExact: saturatesOn(cpus) } : undefined;

/** What rounding a normal activation, nine deviations wide, to 255 steps changes of it: 9 / 255 / √12. */
const ACTIVATION = 0.01;

/** The price of the form, or the reason that the weight cannot have it; `obstacleOf` is asked of each product. */
export function dynamicPrice(
  site: WeightSite,
  { isExact }: DynamicForm,
  obstacleOf: (product: Product) => string | undefined,
): StoragePrice | string {
  const products = productsOf(site);
  const [first] = products ?? [];
  if (!products || !first) return 'other nodes than products read it';
  const obstacle = products.map(obstacleOf).find(Boolean);
  if (obstacle) return obstacle;
  const { weight } = first;
  const error = columnErrorOf(weight, isExact);
  if (error === undefined) return 'it holds NaN or infinity';
  return { bytes: weight.K * weight.N + 4 * weight.N, error: Math.hypot(error, ACTIVATION) };
}

/** Puts weights and their products in this form; an activation that several of them read is rounded once. */
export class DynamicProducts {
  readonly #dynamic = new Map<boolean, DynamicInt8>();

  put(site: WeightSite, { isExact }: DynamicForm): void {
    const dynamic = this.#in(isExact);
    for (const { node } of productsOf(site) ?? []) {
      // Read again: what was rewritten before computes its activation.
      const product = productOf(node) as Product;
      const result = dynamic.rewrite(product);
      if (typeof result === 'string') throw new TypeError(`fit: priced, and yet ${result}`);
      finish(product, product.elem === 'float32' ? result : castTo(node.graph, result, product.elem));
    }
  }

  #in(isExact: boolean): DynamicInt8 {
    const settings = { isExact, isByRow: false, maxWeightError: Number.POSITIVE_INFINITY };
    const made = this.#dynamic.get(isExact) ?? new DynamicInt8(settings);
    this.#dynamic.set(isExact, made);
    return made;
  }
}
