/** Random calls of every operator that moves elements: small, and each element another number. */
import type { AttributeLike } from '../../src/ir/attribute.js';
import { tensorOf } from '../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../src/ir/tensors/tensor.js';
import type { DataType } from '../../src/ir/types.js';
import type { Random } from '../../src/validate/inputs/random.js';

export interface Case {
  /** Shapes of the inputs whose elements are moved, by slot. */
  readonly data: Readonly<Record<number, readonly number[]>>;
  /** The other inputs. */
  readonly others?: Readonly<Record<number, Tensor>>;
  readonly attributes?: Readonly<Record<string, AttributeLike>>;
  readonly outputs?: number;
  /** Of the data; float32 where it is not said. */
  readonly type?: DataType;
}

const ints = (...numbers: readonly number[]): Tensor => tensorOf('int64', numbers);
const truths = (numbers: readonly number[], shape: readonly number[]): Tensor => tensorOf('bool', numbers, shape);
const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const product = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

export function casesOf(random: Random): Readonly<Record<string, () => Case>> {
  const within = (low: number, high: number): number => random.int(low, high + 1);
  const pick = <T>(list: readonly T[]): T => list[random.int(0, list.length)] as T;
  const dims = (rank: number, most = 3): number[] => many(rank, () => within(1, most));
  const shuffled = (count: number): number[] => {
    const order = many(count, (i) => i);
    for (let i = count - 1; i > 0; i--) {
      const j = within(0, i);
      [order[i], order[j]] = [order[j] as number, order[i] as number];
    }
    return order;
  };
  const axisOf = (rank: number): number => within(-rank, rank - 1);
  const indices = (shape: readonly number[], size: number): Tensor =>
    tensorOf(
      'int64',
      many(product(shape), () => within(-size, size - 1)),
      shape,
    );
  const flags = (shape: readonly number[]): Tensor =>
    truths(
      many(product(shape), () => within(0, 1)),
      shape,
    );
  const scatter = (): Case => {
    const [rows, columns] = dims(2);
    const data = [rows as number, columns as number];
    return { data: { 0: data, 2: [1, columns as number] }, others: { 1: indices([1, columns as number], 1) } };
  };
  const recast = (): Case => ({ data: { 0: dims(2) }, attributes: { to: pick([10, 11]) } });
  const broadcast = (): Case => ({ data: { 0: dims(2), 1: [1, 1] } });
  return {
    Cast: recast,
    CastLike: () => ({ data: { 0: dims(2) }, others: { 1: tensorOf(pick(['float16', 'float64'] as const), 0) } }),
    CenterCropPad: () => ({ data: { 0: [3, 4] }, others: { 1: ints(within(1, 5), within(1, 5)) } }),
    Compress: () => {
      const shape = dims(2);
      return pick([
        { data: { 0: shape }, others: { 1: flags([shape[1] as number]) }, attributes: { axis: 1 } },
        { data: { 0: shape }, others: { 1: flags([product(shape)]) } },
      ]);
    },
    Concat: () => {
      const shape = dims(3);
      const axis = axisOf(3);
      const parts = many(within(1, 3), () => shape.with(axis, within(0, 3)));
      return { data: { ...parts }, attributes: { axis } };
    },
    DepthToSpace: () => ({ data: { 0: [1, 4, 2, 3] }, attributes: { blocksize: 2, mode: pick(['DCR', 'CRD']) } }),
    Dropout: () => ({ data: { 0: dims(2) }, outputs: within(1, 2) }),
    Expand: () => {
      const to = dims(within(1, 3));
      const from = to.slice(within(0, to.length - 1)).map((size) => pick([size, 1]));
      return { data: { 0: from }, others: { 1: ints(...to.map((size) => pick([size, size, 1]))) } };
    },
    Flatten: () => ({ data: { 0: dims(3) }, attributes: { axis: within(-3, 3) } }),
    Gather: () => {
      const shape = dims(within(1, 3));
      const axis = axisOf(shape.length);
      const at = indices(dims(within(0, 2)), shape.at(axis) as number);
      return { data: { 0: shape }, others: { 1: at }, attributes: { axis } };
    },
    GatherElements: () => ({
      data: { 0: [2, 3] },
      others: { 1: indices([2, 2], 2) },
      attributes: { axis: pick([0, -1]) },
    }),
    GatherND: () =>
      pick<Case>([
        { data: { 0: [2, 2, 3] }, others: { 1: indices([4, within(1, 2)], 2) } },
        { data: { 0: [2, 2, 3] }, others: { 1: indices([2, 3, 1], 2) }, attributes: { batch_dims: 1 } },
      ]),
    Identity: () => ({ data: { 0: dims(within(0, 3)) } }),
    Max: broadcast,
    Min: broadcast,
    Pad: () => {
      const shape = dims(2);
      const mode = pick(['constant', 'constant', 'edge']);
      const pads = many(4, (i) => within(mode === 'edge' || shape[i % 2] === 1 ? 0 : -1, 2)).map((pad, i) =>
        i > 1 ? Math.abs(pad) : pad,
      );
      const fill = pick<Readonly<Record<number, Tensor>>>([
        {},
        { 2: tensorOf('float32', 9) },
        { 3: ints(...shuffled(2)) },
      ]);
      return {
        data: { 0: shape },
        others: { 1: ints(...pads), ...(mode === 'edge' ? {} : fill) },
        attributes: { mode },
      };
    },
    Reshape: () => ({
      data: { 0: [2, 3, 2] },
      others: { 1: ints(...pick([[-1], [0, -1], [3, 4], [2, 1, 6], [4, 0]])) },
    }),
    ReverseSequence: () => ({ data: { 0: [3, 2] }, others: { 1: ints(within(1, 3), within(1, 3)) } }),
    ScatterElements: scatter,
    ScatterND: () => ({ data: { 0: [3, 2], 2: [1, 2] }, others: { 1: indices([1, 1], 3) } }),
    Slice: () => {
      const shape = dims(within(1, 3), 4);
      const axes = shuffled(shape.length).slice(within(0, shape.length - 1));
      const ends = () => ints(...axes.map(() => pick([within(-5, 5), 2 ** 31 - 1, -(2 ** 31)])));
      const steps = ints(...axes.map(() => pick([1, 1, 2, -1, -2])));
      return { data: { 0: shape }, others: { 1: ends(), 2: ends(), 3: ints(...axes), 4: steps } };
    },
    SpaceToDepth: () => ({ data: { 0: [1, 2, 2, 4] }, attributes: { blocksize: 2 } }),
    Split: () => {
      const sizes = many(within(1, 3), () => within(0, 2));
      const axis = axisOf(2);
      const shape = dims(2).with(
        axis,
        sizes.reduce((a, b) => a + b),
      );
      return { data: { 0: shape }, others: { 1: ints(...sizes) }, attributes: { axis }, outputs: sizes.length };
    },
    Squeeze: () =>
      pick([{ data: { 0: [1, 2, 1, 3] }, others: { 1: ints(pick([0, -2])) } }, { data: { 0: [1, 2, 1] } }]),
    TensorScatter: () => ({ data: { 0: [1, 1, 4, 2], 1: [1, 1, 2, 2] }, others: { 2: ints(within(0, 2)) } }),
    Tile: () => {
      const shape = dims(within(1, 3));
      return { data: { 0: shape }, others: { 1: ints(...dims(shape.length)) } };
    },
    TopK: () => ({ data: { 0: [2, 3] }, others: { 1: ints(2) }, outputs: 2 }),
    Transpose: () => {
      const shape = many(within(1, 4), () => within(2, 3));
      return { data: { 0: shape }, ...pick([{}, { attributes: { perm: shuffled(shape.length) } }]) };
    },
    Trilu: () => ({
      data: { 0: [3, 3] },
      others: { 1: tensorOf('int64', within(-1, 1), []) },
      attributes: { upper: within(0, 1) },
    }),
    Unique: () => ({ data: { 0: [2, 3] }, outputs: 2 }),
    Unsqueeze: () => ({ data: { 0: dims(2) }, others: { 1: ints(...shuffled(within(2, 4)).slice(2)) } }),
    Where: () => ({ data: { 1: [2, 3], 2: [1, 3] }, others: { 0: flags([2, 1]) } }),
  };
}
