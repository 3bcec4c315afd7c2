/** The dims of an attention site, where the kernel's conditions on them are shown to hold. */
import { type Dim, equalDims } from '../../src/ir/dims.js';
import type { Shape } from '../../src/ir/types.js';
import { type Match, Miss } from '../../src/match/miss.js';
import type { AttentionSite } from './site.js';

export interface Dims {
  readonly batch: Dim;
  readonly heads: number;
  readonly rows: Dim;
  readonly keys: Dim;
  /** Columns of a head of the query, and of the value. */
  readonly size: Dim;
  readonly valueSize: Dim;
  readonly rank: 3 | 4;
}

/** The dims of a site; a Miss where the kernel's conditions are not shown to hold. */
export function dimsOf(site: AttentionSite): Match<Dims> {
  const at = site.scores;
  const operands = [at.inputs[0], at.inputs[1], site.context.inputs[1], site.context.output];
  const shapes = operands.map((value) => value?.shape);
  const [q, k, v, o] = shapes as [Shape, Shape, Shape, Shape];
  if (shapes.some((shape) => shape === undefined)) return new Miss('the rank of an operand is not known', at, 5);
  const rank = q.length;
  if ((rank !== 3 && rank !== 4) || [k, v, o].some((shape) => shape.length !== rank))
    return new Miss(
      `operands of ranks ${shapes.map((shape) => shape?.length).join(', ')}: expected all 3 or all 4`,
      at,
      5,
    );
  const four = (shape: Shape): Shape => (rank === 4 ? shape : [shape[0] as Dim, 1, shape[1] as Dim, shape[2] as Dim]);
  const [query, key, value, output] = [q, k, v, o].map(four) as [Shape, Shape, Shape, Shape];
  const [batch, heads, rows] = query as [Dim, Dim, Dim];
  if (typeof heads !== 'number') return new Miss('the number of heads is not static', at, 5);
  for (const shape of [key, value, output]) {
    if (!equalDims(shape[1] as Dim, heads))
      return new Miss('query, key and value have different numbers of heads', at, 5);
    if (!equalDims(shape[0] as Dim, batch))
      return new Miss('the batch of query, key and value is not shown to be the same', at, 5);
  }
  return { batch, heads, rows, keys: key[3] as Dim, size: query[3] as Dim, valueSize: value[3] as Dim, rank };
}
