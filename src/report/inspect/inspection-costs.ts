/** What a run of a model costs: for `inspect`, as JSON and in lines. */
import { bytesText, countText } from '../../ir/text/quantities.js';
import type { Paint } from '../style.js';
import { table } from '../style.js';

/** Counted at known sizes, without a run. */
export interface ModelCosts {
  /** The shapes of inputs at which it is counted. */
  readonly sizes: Readonly<Record<string, readonly number[]>>;
  /** Multiply-adds of products, convolutions, recurrence and attention, by element type: a FLOP count is twice that. */
  readonly multiplyAdds: Readonly<Record<string, number>>;
  /** Nodes that multiply, and of which it is not known how often, by op. */
  readonly notCounted: Readonly<Record<string, number>>;
  /** Values of the main graph that are alive together, inputs and outputs included, weights not. */
  readonly activations: {
    /** Bytes at the step where they are most, and the node that runs then. */
    readonly peak: number;
    readonly at: string;
    /** Bytes while each node runs, in dependency order. */
    readonly steps: readonly number[];
    /** Values of unknown size, which are not among them. */
    readonly unknown: number;
  };
  /** By the kernel tables of each provider, how many nodes are in which state. The CPU runs what others leave. */
  readonly providers: readonly ProviderFit[];
}

export interface ProviderFit {
  readonly provider: string;
  readonly runs: number;
  /** In some forms alone. */
  readonly inPart: number;
  readonly fallsBack: number;
  readonly unknown: number;
  /** Stays on the CPU on purpose. */
  readonly shapeArithmetic: number;
  /** Operators that fall back or are unknown, the most frequent first. */
  readonly without: readonly string[];
}

/** Lines below titles. */
export function costLines(costs: ModelCosts, p: Paint): { readonly run: string[]; readonly providers: string[] } {
  const { sizes, multiplyAdds, notCounted, activations, providers } = costs;
  const total = Object.values(multiplyAdds).reduce((sum, one) => sum + one, 0);
  const types = Object.entries(multiplyAdds).map(([type, count]) => `${countText(count)} in ${type}`);
  const open = Object.entries(notCounted).map(([op, count]) => `${count} ${op}`);
  const at = Object.entries(sizes).map(([name, shape]) => `${name} [${shape.join(', ')}]`);
  const unknown = activations.unknown > 0 ? `, ${activations.unknown} values of unknown size aside` : '';
  const run = [
    `${countText(total)} multiply-adds${types.length > 1 ? `: ${types.join(', ')}` : ''}`,
    ...(open.length > 0 ? [`not counted: ${open.join(', ')}`] : []),
    `activations up to ${bytesText(activations.peak)}, at ${p.name(activations.at)}${unknown}`,
    p.dim(`at ${at.join(', ') || 'the sizes that the file has'}`),
  ];
  return { run, providers: table(providers.map((one) => [one.provider, fitText(one)])) };
}

function fitText({ runs, inPart, fallsBack, unknown, without }: ProviderFit): string {
  const open = [
    ...(inPart > 0 ? [`${inPart} in some forms`] : []),
    ...(fallsBack > 0 ? [`${fallsBack} on the CPU`] : []),
    ...(unknown > 0 ? [`${unknown} not known`] : []),
  ];
  if (open.length === 0) return 'every node';
  const some = without.slice(0, 4).join(', ');
  const named = some && ` (${some}${without.length > 4 ? ', …' : ''})`;
  return `${runs} nodes, ${open.join(', ')}${named}`;
}
