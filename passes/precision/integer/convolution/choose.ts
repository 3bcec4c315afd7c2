/**
 * Chooses the convolutions that compute in 8 bits: those whose faster kernel saves more time than making bytes and floats costs, and among
 * these the ones with the least error.
 *
 * Why this way: on a CPU with VNNI a float convolution takes about 0.022 ns a multiplication, one of 8 bits 0.007, on others about 0.012;
 * to bring a number into bytes and back takes up to 1.2 ns where a float convolution stands next to it, which has an order of elements
 * of its own, and 0.3 elsewhere. Two trained detectors were 0.8 and 1.5 times as fast with all convolutions in bytes.
 */
import { append } from '../../../../src/ir/collections/lists.js';
import type { Node } from '../../../../src/ir/node.js';
import { isPointwise } from '../../ops.js';
import type { StaticConv } from './emit.js';

/** A convolution, with its multiplications and the numbers that it reads and gives, on all inputs together. */
export interface ConvCandidate {
  readonly conv: StaticConv;
  readonly products: number;
  readonly read: number;
  readonly given: number;
}

/** In nanoseconds. */
const SAVED = { exact: 0.01, full: 0.015 };
const NEXT_TO_FLOAT = 1.2;
const ELSEWHERE = 0.3;

/** Leaves out the convolution that loses the most time, until none loses. */
export function faster(candidates: readonly ConvCandidate[], isExact: boolean): ConvCandidate[] {
  let left = [...candidates];
  for (;;) {
    const nodes = new Set(left.map(({ conv }) => conv.node));
    const gains = left.map((one) => gainOf(one, nodes, isExact));
    const least = gains.indexOf(gains.reduce((a, b) => Math.min(a, b), 0));
    if (least < 0) return left;
    left = left.filter((_, at) => at !== least);
  }
}

/** The saved time in nanoseconds. */
function gainOf({ conv, products, read, given }: ConvCandidate, chosen: ReadonlySet<Node>, isExact: boolean): number {
  const before = hasFloatConvBefore(conv.node, chosen) ? NEXT_TO_FLOAT : ELSEWHERE;
  const behind = hasFloatConvBehind(conv.node, chosen) ? NEXT_TO_FLOAT : ELSEWHERE;
  return products * (isExact ? SAVED.exact : SAVED.full) - read * before - given * behind;
}

const pools = new Set(['MaxPool', 'AveragePool', 'GlobalAveragePool', 'Concat', 'Resize']);
const passesOn = (node: Node): boolean => isPointwise(node) || pools.has(node.opType);

const hasFloatConvBefore = (node: Node, chosen: ReadonlySet<Node>): boolean =>
  meets(node, chosen, (one) => one.inputs.flatMap((value) => value?.producer ?? []));

const hasFloatConvBehind = (node: Node, chosen: ReadonlySet<Node>): boolean =>
  meets(node, chosen, (one) => one.outputs.flatMap((value) => value?.users ?? []));

/** Walks from a node through elementwise nodes to convolutions. */
function meets(start: Node, chosen: ReadonlySet<Node>, next: (node: Node) => readonly Node[]): boolean {
  const seen = new Set<Node>([start]);
  const queue = [...next(start)];
  for (let node = queue.pop(); node; node = queue.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (node.is('Conv') || node.is('ConvTranspose')) {
      if (!chosen.has(node)) return true;
    } else if (passesOn(node)) append(queue, next(node));
  }
  return false;
}

/** Chooses convolutions whose errors, measured one by one and added as independent ones, stay within the limit. Those that save the most time for the least error come first. */
function withinLimit(
  candidates: readonly ConvCandidate[],
  errors: readonly number[],
  limit: number,
  isExact: boolean,
): ConvCandidate[] {
  const nodes = new Set(candidates.map(({ conv }) => conv.node));
  const priced = candidates.map((one, at) => {
    const square = (errors[at] as number) ** 2;
    return { one, square, price: square / gainOf(one, nodes, isExact) };
  });
  priced.sort((a, b) => a.price - b.price);
  let sum = 0;
  const taken = new Set<ConvCandidate>();
  for (const { one, square } of priced)
    if (sum + square <= limit ** 2) {
      sum += square;
      taken.add(one);
    }
  return candidates.filter((one) => taken.has(one));
}

/** Chooses convolutions within a limit of error. Errors are independent only roughly, so their joint error is measured, and the limit lowered until it holds. */
export async function chosenBy(
  candidates: readonly ConvCandidate[],
  alone: readonly number[],
  isExact: boolean,
  maxError: number,
  together: (chosen: readonly ConvCandidate[]) => Promise<number[]>,
): Promise<{ chosen: readonly ConvCandidate[]; error: number }> {
  for (let limit = maxError; ; ) {
    const chosen = faster(withinLimit(candidates, alone, limit, isExact), isExact);
    const [error = 0] = chosen.length > 0 ? await together(chosen) : [];
    if (error <= maxError) return { chosen, error };
    const sum = Math.hypot(...chosen.map((one) => alone[candidates.indexOf(one)] as number));
    // What shows no error alone cannot be ranked: no lower limit leaves any of it out.
    if (sum === 0) return { chosen: [], error: 0 };
    // The limit goes below the sum of the choice, so that the next choice differs.
    limit = 0.75 * sum;
  }
}
