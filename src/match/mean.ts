/** A mean over axes that are kept: by ReduceMean, or by a sum, a sum of squares or a Euclidean norm and a factor. */
import type { Facts } from '../infer/index.js';
import { fromStart } from '../ir/axes.js';
import type { Node } from '../ir/node.js';
import { equalShapes, type Shape } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { monomialOf, type Reach } from './algebra.js';
import { powerOf, reshapable } from './combination.js';
import { isNear } from './near.js';
import { plainOf } from './plain.js';
import { reshapeOf } from './reshaped.js';
import { type CapturesOf, foundAt, Pattern, patternOf, type Term } from './term.js';

/**
 * The mean of the term over some of its axes, each kept with size 1. The axes are captured as `axes`, from 0 and in order
 * (`1,2`), so that two means of one pattern are over the same.
 */
export function Mean<T extends Term>(term: T): Pattern<CapturesOf<T> & { axes: string }> {
  const part = patternOf(term);
  const pattern: Pattern = new Pattern('Mean', [part], function* (value, environment, search) {
    const mean = meanOf(value, environment.laterShape(value) ?? value.shape, search.facts);
    if (typeof mean === 'string') {
      search.fail(environment, pattern, value, mean);
      return;
    }
    const inside = environment.matched(pattern, value, mean.nodes);
    const next = inside.capture('axes', mean.axes.join(','));
    const squared = mean.isOfSquares ? powerOf(part) : undefined;
    if (mean.isOfSquares && squared?.weight !== 2)
      search.fail(inside, pattern, value, 'expected a mean; found one of squares');
    else if (next) yield* (squared?.part ?? part).solve(mean.of, next, search);
    else
      search.fail(
        inside,
        pattern,
        value,
        `expected a mean over axes ${environment.captures.get('axes')}; found ${mean.axes.join(',')}`,
      );
  });
  reshapable.add(pattern);
  return pattern as never;
}

/** The sum of the term over some of its axes, captured as those of a mean are. */
export const Total = <T extends Term>(term: T) => reduced('ReduceSum', term);

/** The largest number of the term over some of its axes, captured as those of a mean are. */
export const Highest = <T extends Term>(term: T) => reduced('ReduceMax', term);

function reduced<T extends Term>(opType: string, term: T): Pattern<CapturesOf<T> & { axes: string }> {
  const part = patternOf(term);
  const pattern: Pattern = new Pattern(opType, [part], function* (value, environment, search) {
    const at = reductionAt(value, opType);
    const reading = at
      ? kept(environment.laterShape(value) ?? value.shape, reductionOf(at.node, at.nodes, search.facts))
      : `expected ${opType}; found ${foundAt(value)}`;
    if (typeof reading === 'string') {
      search.fail(environment, pattern, value, reading);
      return;
    }
    const inside = environment.matched(pattern, value, reading.nodes);
    const next = inside.capture('axes', reading.axes.join(','));
    if (next) yield* part.solve(reading.of, next, search);
    else search.fail(inside, pattern, value, `expected axes ${environment.captures.get('axes')}`);
  });
  return pattern as never;
}

interface MeanReading {
  readonly of: Value;
  readonly axes: readonly number[];
  /** Whether it is the mean of the squares of `of`. */
  readonly isOfSquares: boolean;
  readonly nodes: readonly Node[];
}

/** What a sum is of, by the op and the power of its result. */
const sums = [
  { opType: 'ReduceSum', exponent: 1, isOfSquares: false },
  { opType: 'ReduceSumSquare', exponent: 1, isOfSquares: true },
  { opType: 'ReduceL2', exponent: 2, isOfSquares: true },
] as const;

/** The mean that a value of this shape is. */
function meanOf(value: Value, shape: Shape | undefined, facts: Facts): MeanReading | string {
  const direct = reductionAt(value, 'ReduceMean');
  if (direct) return kept(shape, reductionOf(direct.node, direct.nodes, facts));
  const scaled = scaledSumOf(value, facts, 'own') ?? scaledSumOf(value, facts, 'shared');
  if (!scaled) return `expected a mean; found ${foundAt(value)}`;
  const { sum, coefficient, nodes } = scaled;
  const reading = reductionOf(sum.node, [...nodes, ...sum.nodes], facts, sum.isOfSquares);
  if (typeof reading === 'string') return reading;
  const count = reading.axes.reduce((product, axis) => {
    const size = reading.of.shape?.[axis];
    return typeof size === 'number' ? product * size : Number.NaN;
  }, 1);
  return isNear(coefficient, 1 / count)
    ? kept(shape, reading)
    : `expected the mean of ${count} numbers; found their sum · ${coefficient}`;
}

/** The sum that a value is a multiple of. A mean that is also squared is shared. */
function scaledSumOf(value: Value, facts: Facts, reach: Reach) {
  const { coefficient, factors, nodes } = monomialOf(value, facts, reach);
  const [only] = factors;
  const sum = factors.length === 1 ? only && sumAt(only.value, only.exponent) : undefined;
  return sum && { sum, coefficient, nodes };
}

/** The sum that a power of a value is. */
function sumAt(value: Value, exponent: number) {
  for (const one of sums) {
    const at = one.exponent === exponent ? reductionAt(value, one.opType) : undefined;
    if (at) return { ...at, isOfSquares: one.isOfSquares };
  }
  return undefined;
}

/** The reduction that a value is, or is before the axes are put back, and the nodes between. */
function reductionAt(
  value: Value,
  opType: string,
): { readonly node: Node; readonly nodes: readonly Node[] } | undefined {
  const { of, nodes } = plainOf(value);
  const reshape = reshapeOf(of);
  const node = (reshape?.inputs[0] ?? of).producer;
  return node?.is(opType) ? { node, nodes: reshape ? [...nodes, reshape] : nodes } : undefined;
}

/** The reading, where what is read has the shape that is reduced, with 1 for each reduced axis: kept, or put back. */
function kept(shape: Shape | undefined, reading: MeanReading | string): MeanReading | string {
  if (typeof reading === 'string') return reading;
  const expected = reading.of.shape?.map((dim, axis) => (reading.axes.includes(axis) ? 1 : dim));
  return expected && equalShapes(shape, expected) ? reading : 'expected a mean that keeps its axes';
}

/** Which axes a reduction goes over. */
function reductionOf(node: Node, before: readonly Node[], facts: Facts, isOfSquares = false): MeanReading | string {
  const [of, second] = node.inputs;
  const rank = of?.shape?.length;
  if (!of || rank === undefined) return 'the rank of what is reduced is not known';
  if (node.hasReference) return "an attribute is the function's caller's to give";
  const given = second ? facts.contents(second) : (node.ints('axes') ?? []);
  if (!given?.every((axis): axis is number => typeof axis === 'number')) return 'the axes of a mean are not known';
  if (given.length === 0 && node.int('noop_with_empty_axes', 0) === 1) return 'expected a mean; found one over no axis';
  const axes = given.length === 0 ? Array.from({ length: rank }, (_, axis) => axis) : given;
  if (axes.some((axis) => axis >= rank || axis < -rank)) return 'the axes of a mean are beyond the rank';
  const inOrder = [...new Set(axes.map((axis) => fromStart(axis, rank)))].sort((a, b) => a - b);
  return { of, axes: inOrder, isOfSquares, nodes: [...before, node] };
}
