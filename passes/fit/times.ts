/**
 * What forms save of the time of a run: each product is cut out, alone with its weight, and raced in both forms at the sizes of the whole model. Products of
 * the same sizes are one race. What is not raced is estimated, by multiply-adds.
 */
import { inferTypes } from '../../src/infer/index.js';
import { buildModel } from '../../src/ir/build.js';
import { dimText } from '../../src/ir/dims/dims.js';
import type { Model } from '../../src/ir/model.js';
import type { Target } from '../../src/ir/targets/targets.js';
import { tensorType } from '../../src/ir/types.js';
import type { Trials } from '../../src/run/trials.js';
import type { Product } from '../precision/product.js';
import { assigned } from './assign.js';
import { type FitForm, type FormPrice, isDynamic, type PricedWeight } from './form.js';
import { productsOf } from './product-form.js';

export interface TimedWeights {
  readonly weights: readonly PricedWeight[];
  /** Pairs of a product's sizes and a form: those that were raced, of all. */
  readonly raced: number;
  readonly pairs: number;
}

/** The weights, with the milliseconds that each form saves. Forms that are decoded at load save none. */
export async function timed(
  model: Model,
  weights: readonly PricedWeight[],
  trials: Trials | undefined,
  target: Target,
): Promise<TimedWeights> {
  const known = new Map<string, { readonly ms: number; readonly isRaced: boolean }>();
  const savedBy = async (product: Product, form: FitForm): Promise<number> => {
    const key = `${form.type} ${sizesText(product)}`;
    const found = known.get(key) ?? (await timeOf(product, form));
    known.set(key, found);
    return found.ms;
  };
  const timeOf = async (product: Product, form: FitForm) => {
    const without = alone(product);
    const [weight] = without.graph.constants;
    const race = weight && (await trials?.race?.(model, without, assigned(without, new Map([[weight, form]]), target)));
    return race ? { ms: race.savedMs, isRaced: true } : { ms: estimateOf(product, form), isRaced: false };
  };
  const all: PricedWeight[] = [];
  for (const { site, forms } of weights) {
    const priced: FormPrice[] = [];
    for (const price of forms) {
      const { form } = price;
      let savedMs = 0;
      if (form && isComputedWith(form))
        for (const product of productsOf(site) ?? []) savedMs += await savedBy(product, form);
      priced.push(form && isComputedWith(form) ? { ...price, savedMs } : price);
    }
    all.push({ site, forms: priced });
  }
  const raced = [...known.values()].filter(({ isRaced }) => isRaced).length;
  return { weights: all, raced, pairs: known.size };
}

/** True for a form that is not decoded at load. */
const isComputedWith = ({ type }: FitForm): boolean => type === 'products' || type === 'dynamic';

function sizesText(product: Product): string {
  const { elem, activation, isActivationTransposed, weight } = product;
  const dims = activation.shape?.map(dimText).join('×') ?? '?';
  return `${elem} ${dims}${isActivationTransposed ? ' turned' : ''} · ${weight.K}×${weight.N}${weight.isTransposed ? ' turned' : ''}`;
}

/** activation × weight as a model: its one constant is the weight as it is stored. */
function alone({ node, weight, elem, activation, isActivationTransposed }: Product): Model {
  const rows = isActivationTransposed ? activation.shape?.toReversed() : activation.shape;
  const model = buildModel(Object.fromEntries(node.graph.opsets), (build) => {
    const stored = build.cast(build.constant(weight.tensor, 'weight'), elem);
    const factor = weight.isTransposed ? build.op('Transpose', [stored], { perm: [1, 0] }) : stored;
    const x = build.input('activation', tensorType(elem, rows));
    build.output('product', build.op('MatMul', [x, factor]), elem, rows && [...rows.slice(0, -1), weight.N]);
  });
  inferTypes(model);
  return model;
}

/** Multiply-adds of a millisecond of one core in float32, of one row and of many: measured on a CPU with AVX-512. */
const RATE = { one: 1.3e7, many: 5e7 };
/** The size that stands for an open dim: of a sequence. */
const OPEN = 128;
/** How many times as fast as float32 a form is, of one row and of many: 4 bits in products by the measurements of that form, bytes by those of whole models. */
const FASTER = { products: { one: 3.6, many: 1.4 }, anyCpu: { one: 1.3, many: 1.3 }, withVnni: { one: 2.3, many: 3 } };

/** Milliseconds that a form saves of one product, without a run. */
function estimateOf({ activation, weight: { K, N } }: Product, form: FitForm): number {
  const dims = activation.shape?.slice(0, -1) ?? [OPEN];
  // The first axis is a batch of one; a size that follows from others is as good as open.
  const rows = dims.reduce<number>(
    (count, dim, at) => count * (typeof dim === 'number' ? dim : at === 0 ? 1 : OPEN),
    1,
  );
  const many = rows < FEW_ROWS ? 'one' : 'many';
  const kind = form.type === 'products' ? 'products' : isDynamic(form) && form.isExact ? 'anyCpu' : 'withVnni';
  return ((rows * K * N) / RATE[many]) * (1 - 1 / FASTER[kind][many]);
}

/** Below it a product takes as long as its weight is read. */
const FEW_ROWS = 8;
