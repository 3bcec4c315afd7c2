/** Lists the forms of attention ops that their kernels take. */
import type { Dim } from '../../ir/dims/dims.js';
import { both, type CallReader, divides, isOneOr, type KernelForm, only, same, type Truth } from './form.js';

/** [B|1, N|1, S, T] */
function isBias(
  r: CallReader,
  index: number,
  heads: Dim | undefined,
  [batch, rows, keys]: readonly (Dim | undefined)[],
): Truth {
  if (!r.has(index)) return true;
  const fits = () =>
    both(
      isOneOr(r.dim(index, 0), batch),
      isOneOr(r.dim(index, 1), heads),
      same(r.dim(index, 2), rows),
      same(r.dim(index, 3), keys),
    );
  const isFour = r.isRank(index, 4);
  return isFour ? fits() : isFour;
}

/** The number of keys: axis 1 of [B, T, N·D], axis 2 of [B, N, T, D]. */
const keys = (r: CallReader): Dim | undefined => r.dim(1, r.rank(1) === 4 ? 2 : 1);

const batches: KernelForm = {
  expected: 'query, key and value of one batch',
  holds: (r) => both(same(r.dim(0, 0), r.dim(1, 0)), same(r.dim(0, 0), r.dim(2, 0))),
};
const biasForm = (index: number, heads: string, count = keys): KernelForm => ({
  expected: 'a bias [batch or 1, heads or 1, queries, keys]',
  holds: (r) => isBias(r, index, r.int(heads), [r.dim(0, 0), r.dim(0, 1), count(r)]),
});

/** Behind a cache the number of keys is an input. */
const cachedKeys = (r: CallReader): Dim | undefined => (r.has(3) ? undefined : keys(r));

/** Zero stands for the kernel's default scale. */
const scaled: KernelForm = { expected: 'a scale other than 0', holds: (r) => r.float('scale') !== 0 };
/** The kernel ignores a negative cap. */
const capped: KernelForm = {
  expected: 'a soft cap that is not negative',
  holds: (r) => !((r.float('softcap') ?? 0) < 0),
};

export const multiHead: readonly KernelForm[] = [
  scaled,
  { expected: 'a query [batch, queries, features]', holds: (r) => r.isRank(0, 3) },
  { expected: 'features that are a multiple of the heads', holds: (r) => divides(r.int('num_heads'), r.dim(0, 2)) },
  {
    expected: 'key and value both [batch, keys, features] or both [batch, heads, keys, size]',
    holds: (r) =>
      both(
        r.isRank(1, 3, 4),
        r.isRank(2, 3, 4),
        r.rank(1) === undefined || r.rank(2) === undefined ? undefined : r.rank(1) === r.rank(2),
      ),
  },
  batches,
  {
    expected: 'as many keys as values',
    holds: (r) => same(keys(r), r.dim(2, r.rank(2) === 4 ? 2 : 1)),
  },
  {
    expected: 'a key as wide as the query',
    holds: (r) => {
      const [heads, size] = [r.dim(1, 1), r.dim(1, 3)];
      if (r.rank(1) === 3) return same(r.dim(0, 2), r.dim(1, 2));
      return only(r.isRank(1, 4), () =>
        typeof heads === 'number' && typeof size === 'number' ? same(r.dim(0, 2), heads * size) : undefined,
      );
    },
  },
  {
    expected: 'values as wide as keys where heads are an axis',
    holds: (r) => only(r.isRank(2, 4), () => same(r.dim(1, 3), r.dim(2, 3))),
  },
  {
    expected: 'values whose features are a multiple of the heads',
    holds: (r) => only(r.isRank(2, 3), () => divides(r.int('num_heads'), r.dim(2, 2))),
  },
  biasForm(5, 'num_heads'),
];

export const groupQuery: readonly KernelForm[] = [
  scaled,
  capped,
  {
    expected: 'query, key and value [batch, rows, features]',
    holds: (r) => both(r.isRank(0, 3), r.isRank(1, 3), r.isRank(2, 3)),
  },
  batches,
  { expected: 'as many keys as queries', holds: (r) => same(r.dim(0, 1), r.dim(1, 1)) },
  { expected: 'key and value of one width', holds: (r) => same(r.dim(1, 2), r.dim(2, 2)) },
  {
    expected: 'heads that are a multiple of the heads of keys',
    holds: (r) => divides(r.int('kv_num_heads'), r.int('num_heads')),
  },
  {
    expected: 'heads whose size is a multiple of 8',
    holds: (r) => {
      const [width, heads] = [r.dim(0, 2), r.int('num_heads')];
      return typeof width === 'number' && heads ? divides(8 * heads, width) : undefined;
    },
  },
  { expected: 'a length for each batch', holds: (r) => both(r.isRank(5, 1), same(r.dim(5, 0), r.dim(0, 0))) },
  {
    expected: 'one query or one batch behind a cache',
    holds: (r) => {
      const [batch, rows, past] = [r.dim(0, 0), r.dim(0, 1), r.has(3) ? r.dim(3, 2) : 0];
      const isMany = [batch, rows].every((dim) => typeof dim === 'number' && dim > 1);
      return !(isMany && typeof past === 'number' && past > 0);
    },
  },
  biasForm(10, 'num_heads', cachedKeys),
];

export const packed: readonly KernelForm[] = [
  scaled,
  { expected: 'an input [batch, rows, features]', holds: (r) => r.isRank(0, 3) },
  {
    expected: 'weights with a row for each feature of the input',
    holds: (r) => both(r.isRank(1, 2), same(r.dim(0, 2), r.dim(1, 0))),
  },
  // Without this input the process ends.
  {
    expected: 'a bias, one number for each column of the weights',
    holds: (r) => (r.has(2) ? both(r.isRank(2, 1), same(r.dim(1, 1), r.dim(2, 0))) : false),
  },
  {
    expected: 'columns that are a multiple of three times the heads',
    holds: (r) => divides(3 * (r.int('num_heads') ?? 1), r.dim(1, 1)),
  },
  {
    expected: 'a bias of the scores [batch or 1, heads or 1, rows, rows]',
    holds: (r) => isBias(r, 5, r.int('num_heads'), [r.dim(0, 0), r.dim(0, 1), r.dim(0, 1)]),
  },
];

const isFlat = (r: CallReader): Truth => r.isRank(0, 3);
/** The axis of rows; that of columns follows it. */
const rowsOf = (r: CallReader, index: number): Dim | undefined => r.dim(index, r.rank(index) === 4 ? 2 : 1);

export const standard: readonly KernelForm[] = [
  { expected: 'a scale above 0', holds: (r) => (r.float('scale') ?? 1) > 0 },
  capped,
  {
    expected: 'query, key and value all of rank 3 or all of rank 4',
    holds: (r) => {
      const ranks = [r.rank(0), r.rank(1), r.rank(2)];
      return ranks.includes(undefined)
        ? undefined
        : (ranks[0] === 3 || ranks[0] === 4) && ranks.every((rank) => rank === ranks[0]);
    },
  },
  {
    expected: 'q_num_heads and kv_num_heads where heads are no axis',
    holds: (r) => only(isFlat(r), () => Boolean(r.int('q_num_heads') && r.int('kv_num_heads'))),
  },
  {
    expected: 'heads of the query that are a multiple of those of the key',
    holds: (r) => divides(r.int('kv_num_heads') ?? r.dim(1, 1), r.int('q_num_heads') ?? r.dim(0, 1)),
  },
  batches,
  { expected: 'as many keys as values', holds: (r) => same(rowsOf(r, 1), rowsOf(r, 2)) },
  {
    expected: 'heads of query and key of one size',
    holds: (r) => only(r.isRank(0, 4), () => same(r.dim(0, 3), r.dim(1, 3))),
  },
  {
    expected: 'a bias of rank 2 to 4 whose last axes are queries and keys',
    holds: (r) =>
      r.has(3) ? both(r.isRank(3, 2, 3, 4), same(r.dim(3, -2), rowsOf(r, 0)), same(r.dim(3, -1), rowsOf(r, 1))) : true,
  },
];
