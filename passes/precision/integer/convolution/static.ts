/** Puts convolutions in 8 bits with ranges measured on the user's inputs: finds, measures, chooses and rewrites them. */
import type { Model } from '../../../../src/ir/model.js';
import type { Node } from '../../../../src/ir/node.js';
import { numbersOf } from '../../../../src/ir/tensors/numbers.js';
import type { Value } from '../../../../src/ir/value.js';
import type { ActivationStatistics } from '../../../../src/run/activations.js';
import type { PassContext } from '../../../../src/run/pass.js';
import { spectrumNodes } from '../../deciding.js';
import { LARGEST, LARGEST_EXACT } from '../sizes.js';
import { inBestRanges } from './best-ranges.js';
import { type ConvCandidate, chosenBy, faster } from './choose.js';
import { channelScalesOf, emitConvs } from './emit.js';
import { errorsOf } from './errors.js';
import { rangeOf } from './ranges.js';
import { type ConvSite, convSiteOf } from './sites.js';

export interface StaticOptions {
  readonly isExact: boolean;
  readonly maxError: number;
  isKept(node: Node): boolean;
  leave(reason: string, node: Node): void;
}

/** Fewer show no range, and leave none to judge by. */
const FEWEST_SETS = 8;
const NO_INPUTS = `its ranges are not known: give inputs (--inputs), ${FEWEST_SETS} sets or more`;
const tooFew = (sets: number): string =>
  `its ranges are not known by ${sets} ${sets === 1 ? 'set' : 'sets'} of inputs: give ${FEWEST_SETS} or more (--inputs); a quarter of them judges what the others show`;
const NOT_FASTER = 'its bytes take longer to make than they save';

/** The largest bias, in steps, that 32 bits hold beside the sums. */
const MOST_STEPS = 2 ** 30;

/** Rewrites convolutions of the main graph, and notes how many. */
export async function quantizeConvs(model: Model, context: PassContext, options: StaticOptions): Promise<number> {
  const { leave, isExact, maxError } = options;
  const sites = sitesOf(model, context, options);
  const { activations: measure, inputSets } = context;
  const obstacle = !measure ? NO_INPUTS : inputSets < FEWEST_SETS ? tooFew(inputSets) : undefined;
  if (obstacle) for (const { node } of sites) leave(obstacle, node);
  if (!measure || obstacle || sites.length === 0) return 0;
  const values = new Set(sites.flatMap(({ input, output }) => [input, output]));
  const requests = [...values].map((value) => ({ value, axis: 1 }));
  const measured = await measure(requests, 'others');
  const all = sites.flatMap((site) => {
    const found = candidateOf(site, measured, isExact);
    if (typeof found !== 'string') return found;
    leave(found, site.node);
    return [];
  });
  const worthwhile = faster(all, isExact);
  for (const one of all) if (!worthwhile.includes(one)) leave(NOT_FASTER, one.conv.node);
  const { candidates: fast, alone } = await inBestRanges(model, worthwhile, measured, measure);
  const { chosen, error } = await chosenBy(fast, alone, isExact, maxError, (list) =>
    errorsOf(model, [list.map(({ conv }) => conv)], measure, 'held out'),
  );
  fast.forEach((one, at) => {
    const own = `${(alone[at] as number).toPrecision(2)} of an output alone`;
    if (!chosen.includes(one))
      leave(`it costs too much error for what it saves (option maxStaticError): ${own}`, one.conv.node);
  });
  if (chosen.length === 0) return 0;
  emitConvs(
    model.graph,
    chosen.map(({ conv }) => conv),
  );
  context.note(
    `${chosen.length} of ${sites.length} convolutions compute in 8 bits, in the ranges of three quarters of the inputs given: relative error ${error.toPrecision(2)} on the others`,
  );
  return chosen.length;
}

function sitesOf(model: Model, { leaves }: PassContext, { isKept, leave }: StaticOptions): ConvSite[] {
  const sites: ConvSite[] = [];
  const spectra = spectrumNodes(model);
  const whyNot = (node: Node) => (isKept(node) ? 'kept in float as asked' : (spectra.get(node) ?? leaves(node)));
  for (const graph of model.graphs())
    for (const node of graph.nodes()) {
      const site = convSiteOf(node);
      if (site === undefined) continue;
      const reason = typeof site === 'string' ? site : whyNot(node);
      if (reason !== undefined) leave(reason, node);
      else sites.push(site as ConvSite);
    }
  return sites;
}

function candidateOf(
  site: ConvSite,
  measured: ReadonlyMap<Value, ActivationStatistics>,
  isExact: boolean,
): ConvCandidate | string {
  const [input, output] = [measured.get(site.input), measured.get(site.output)];
  if (!input || !output) return 'its input or output cannot be measured on the inputs given';
  const [inputRange, outputRange] = [rangeOf(input), rangeOf(output)];
  const largest = isExact ? LARGEST_EXACT : LARGEST;
  const scales = channelScalesOf(site.weight, largest);
  if (!inputRange || !outputRange) return 'its input or output is zero on all inputs given';
  if (!scales) return 'its weight holds NaN or infinity';
  const least = scales.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY) * inputRange.scale;
  const bias = site.bias ? biasSize(site.bias) : 0;
  if (!(bias / least < MOST_STEPS)) return 'its bias is too large beside the steps of its input and weight';
  const given = output.rows * output.channels;
  const conv = { ...site, inputRange, outputRange, scales, largest };
  return { conv, products: given * site.depth, read: input.rows * input.channels, given };
}

const biasSize = (bias: NonNullable<ConvSite['bias']>): number => {
  let most = 0;
  for (const number of numbersOf(bias)) most = Math.max(most, Math.abs(number));
  return most;
};
