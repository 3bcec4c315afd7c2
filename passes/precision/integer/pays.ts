/** Whether it pays to compute products in 8 bits, activations too, where they could be stored in 8 bits alone. */
import type { Model } from '../../../src/ir/model.js';
import { markOf } from '../../../src/ir/tensors/bank.js';
import { elementCount } from '../../../src/ir/tensors/tensor.js';
import { numberText } from '../../../src/ir/text/quantities.js';
import { cloneModel } from '../../../src/ir/whole-model/clone.js';
import { sweep } from '../../../src/ir/whole-model/sweep.js';
import type { PassContext } from '../../../src/run/pass.js';
import { type Product, productOf } from '../product.js';
import { weightSites } from '../weights/sites.js';

/** Errors of outputs that activations in 8 bits may cost. */
const MOST = 0.03;

/** Models of more bytes are not tried: theirs are large products, of which 8 bits save most of the time. */
const LARGEST = 64 * 2 ** 20;

/** A row of a product with fewer numbers takes less than making its activation bytes and back. */
const FEW = 2 ** 21;

/** The reason that products stay in float; `compute` rewrites them in a copy of the model. */
export async function whyNotComputed(
  model: Model,
  { trials, timesOf }: PassContext,
  compute: (copy: Model) => Promise<void>,
): Promise<string | undefined> {
  const count = (...roles: string[]): number => numbersOf(model, roles, timesOf);
  const [convolved, multiplied] = [count('convolution'), count('product', 'recurrent')];
  if (multiplied === 0) return undefined;
  if (convolved > multiplied) return 'convolutions take most of the time';
  if (multiplied < FEW && hasSingleRows(model)) return 'of one row of few numbers, they would save no time';
  if (!trials || 4 * (convolved + multiplied) > LARGEST || isHandedWeights(model)) return undefined;
  const known = trials.memory.get(MEMORY) as ReturnType<typeof verdict> | undefined;
  if (known) return known.reason;
  const copy = cloneModel(model);
  await compute(copy);
  sweep(copy);
  const found = verdict((await trials.compare(model, copy)).error);
  trials.memory.set(MEMORY, found);
  return found.reason;
}

const MEMORY = 'what activations in 8 bits cost';

const verdict = (error: number | undefined) => ({
  reason:
    error !== undefined && error > MOST ? `their activations would cost an error of ${numberText(error)}` : undefined,
});

/** Numbers of the weights of nodes with these roles; those of a block that is compiled once count for each repeat. */
const numbersOf = (model: Model, roles: readonly string[], timesOf: PassContext['timesOf']): number =>
  weightSites(model)
    .filter(({ main: { role } }) => roles.includes(role))
    .reduce((sum, { tensor, main }) => sum + timesOf(main.node) * elementCount(tensor.shape), 0);

const hasSingleRows = (model: Model): boolean =>
  [...model.graphs()]
    .flatMap((graph) => graph.nodes())
    .flatMap((node) => productOf(node) ?? [])
    .every((product) => typeof product === 'string' || hasOneRow(product));

const hasOneRow = ({ activation: { shape } }: Product): boolean =>
  shape?.slice(0, -1).every((dim) => dim === 1) === true;

/** Functions have the weights that calls hand them as constants while a pass runs: such a model is not run. */
const isHandedWeights = ({ functions }: Model): boolean =>
  functions.some(({ graph }) => graph.inputs.some(({ tensor }) => tensor && markOf(tensor)));
