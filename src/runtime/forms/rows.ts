/**
 * Lists the forms of rotary embeddings, norms, activations with a bias, and products in few bits that their kernels
 * take.
 */
import { both, divides, isOneOr, type KernelForm, only, same } from './form.js';

export const rotary: readonly KernelForm[] = [
  { expected: 'an input of rank 3 or 4', holds: (r) => r.isRank(0, 3, 4) },
  {
    expected: 'features that are a multiple of the heads',
    holds: (r) => only(r.isRank(0, 3), () => (r.int('num_heads') ? divides(r.int('num_heads'), r.dim(0, 2)) : true)),
  },
  {
    expected: 'tables [rows, width]',
    holds: (r) => both(r.isRank(2, 2), r.isRank(3, 2), same(r.dim(2, 0), r.dim(3, 0)), same(r.dim(2, 1), r.dim(3, 1))),
  },
  {
    expected: 'num_heads where a part of a head is rotated',
    holds: (r) => !r.int('rotary_embedding_dim') || Boolean(r.int('num_heads')),
  },
  {
    expected: 'tables half as wide as what is rotated',
    holds: (r) => {
      const [width, heads, last, table] = [
        r.int('rotary_embedding_dim'),
        r.int('num_heads'),
        r.dim(0, -1),
        r.dim(2, 1),
      ];
      if (typeof table !== 'number') return undefined;
      if (width) return width === 2 * table;
      if (typeof last !== 'number') return undefined;
      if (r.rank(0) === 4) return last === 2 * table;
      return heads ? last === 2 * table * heads : undefined;
    },
  },
  {
    expected: 'tables with a row for each position',
    holds: (r) => {
      const [rows, length] = [r.dim(2, 0), r.dim(0, r.rank(0) === 4 ? 2 : 1)];
      return typeof rows === 'number' && typeof length === 'number' ? rows >= length : undefined;
    },
  },
  {
    expected: 'positions: one number, or [batch, rows]',
    holds: (r) => {
      if (r.rank(1) === 2)
        return both(same(r.dim(1, 0), r.dim(0, 0)), same(r.dim(1, 1), r.dim(0, r.rank(0) === 4 ? 2 : 1)));
      return both(r.isRank(1, 0, 1), r.rank(1) === 1 ? same(r.dim(1, 0), 1) : true);
    },
  },
];

/** One number for each feature. */
export const perFeature = (index: number, what: string): KernelForm => ({
  expected: `${what} of one number for each feature`,
  holds: (r) => (r.has(index) ? both(r.isRank(index, 1), same(r.dim(index, 0), r.dim(0, -1))) : true),
});

export const skipNorm = (...rest: readonly KernelForm[]): readonly KernelForm[] => [
  { expected: 'an input of rank 2 or 3', holds: (r) => r.isRank(0, 2, 3) },
  {
    // A first operand that is smaller gives a result of its own size, without an error.
    expected: 'two operands of one shape, or a second one without the batch',
    holds: (r) => {
      const [x, skip] = [r.shape(0), r.shape(1)];
      if (!x || !skip) return undefined;
      if (skip.length > x.length) return false;
      const lead = x.length - skip.length;
      return both(
        ...skip.map((dim, i) => (i + lead === 0 && x.length === 3 && dim === 1 ? true : same(dim, x[i + lead]))),
      );
    },
  },
  perFeature(2, 'a scale'),
  ...rest,
];

export const affine: readonly KernelForm[] = [1, 2].map(
  (index): KernelForm => ({
    expected: `${index === 1 ? 'a scale' : 'a bias'} that broadcasts to the input`,
    holds: (r) => {
      if (!r.has(index)) return true;
      const [x, own] = [r.shape(0), r.shape(index)];
      if (!x || !own) return undefined;
      return own.length <= x.length && both(...own.map((dim, i) => isOneOr(dim, x[x.length - own.length + i])));
    },
  }),
);

export const blocks: readonly KernelForm[] = [
  {
    expected: 'blocks of 16, 32, 64, 128 or 256',
    holds: (r) => [16, 32, 64, 128, 256].includes(r.int('block_size') ?? 0),
  },
  { expected: '2, 4 or 8 bits', holds: (r) => [2, 4, 8].includes(r.int('bits') ?? 4) },
  { expected: 'an input with K columns', holds: (r) => same(r.dim(0, -1), r.int('K')) },
  {
    expected: 'weights [N, blocks, bytes of a block]',
    holds: (r) => {
      const [size, bits, k] = [r.int('block_size') ?? 1, r.int('bits') ?? 4, r.int('K') ?? 0];
      return both(
        r.isRank(1, 3),
        same(r.dim(1, 0), r.int('N')),
        same(r.dim(1, 1), Math.ceil(k / size)),
        same(r.dim(1, 2), (size * bits) / 8),
      );
    },
  },
];

export const integerProduct: readonly KernelForm[] = [
  {
    expected: 'one zero point of the left operand',
    holds: (r) => (r.has(2) ? only(r.isRank(2, 1), () => same(r.dim(2, 0), 1)) : true),
  },
];
