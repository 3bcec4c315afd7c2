/** Chooses sizes for open dims: one size for each symbol, wherever it stands. */

import { notedCache } from '../../contract/cache.js';
import { named, under } from '../../ir/collections/named.js';
import type { Dim, SymbolName } from '../../ir/dims/dims.js';
import { type DimSize, isRange, nearestIn } from '../../ir/dims/range.js';
import { substitute } from '../../ir/dims/substitute.js';
import { nameOf, symbolsOf } from '../../ir/dims/symbols.js';
import type { Model } from '../../ir/model.js';
import { constantTensor } from '../../ir/tensors/constants.js';
import { numbersOf } from '../../ir/tensors/numbers.js';
import { elementCount } from '../../ir/tensors/tensor.js';
import type { Value } from '../../ir/value.js';
import { partsOf, rangesOf } from '../../ir/whole-model/ranges.js';

/** Sizes for the usual kinds of dims. */
export interface Sizes {
  readonly batch: number;
  /** The length of a sequence. */
  readonly length: number;
  /** The length of an encoder's output, as its decoder reads it. */
  readonly encoder: number;
  /** The length of the attention cache. */
  readonly past: number;
  /** Height and width of encoded pictures: latents, feature maps. */
  readonly image: number;
  /** Height and width of pictures. Detectors see nothing in small ones, and then leave nothing to compare. */
  readonly pixels: number;
}

const sizes = (batch: number, length: number, encoder: number, past: number, image: number, pixels: number): Sizes => ({
  batch,
  length,
  encoder,
  past,
  image,
  pixels,
});

/**
 * Choices, tried in this order until enough of them run. The first two differ in every dim, and none is a power of two
 * where a fusion could take a size for another; the rest suit models with baked-in sizes.
 */
export const sizeChoices: readonly Sizes[] = [
  sizes(2, 7, 5, 3, 32, 160),
  sizes(1, 12, 9, 5, 64, 224),
  sizes(3, 16, 11, 6, 96, 256),
  sizes(1, 8, 8, 4, 224, 320),
  sizes(1, 16, 16, 8, 256, 384),
  sizes(1, 32, 32, 16, 320, 448),
  sizes(1, 64, 64, 16, 384, 512),
  sizes(1, 128, 128, 16, 512, 640),
  sizes(1, 1, 1, 1, 48, 48),
  // A transformer of pictures has a table of places, of few where it is small.
  sizes(2, 4, 4, 2, 16, 32),
  sizes(1, 2, 2, 1, 8, 16),
  // Samples of sound: a window has hundreds.
  sizes(2, 512, 512, 16, 512, 640),
  sizes(1, 1280, 1280, 16, 512, 640),
];

/** Sizes that people run models at, for timing; the second for models of short sequences. */
export const typicalSizes: readonly [Sizes, Sizes] = [sizes(1, 128, 128, 128, 64, 224), sizes(1, 32, 32, 24, 64, 320)];

/** A second of sound, one or so of everything else. */
export const soundSizes: Sizes = sizes(1, 16_000, 16, 16, 64, 224);

/** The number of lengths in the model to try, and the least number that is likely an axis. */
const BAKED = { count: 8, least: 5 };

/** More choices, for models whose exporter baked a size into a shape: the whole numbers of small constants, most frequent first. */
export function* bakedChoices(model: Model): Iterable<Sizes> {
  const counts = new Map<number, number>();
  for (const graph of model.graphs())
    for (const { tensor } of graph.constants) {
      if (tensor?.type !== 'int64' || elementCount(tensor.shape) > 8) continue;
      for (const size of new Set(numbersOf(tensor)))
        if (size >= BAKED.least && size <= 4096) counts.set(size, (counts.get(size) ?? 0) + 1);
    }
  const lengths = [...counts].sort((a, b) => b[1] - a[1]).map(([size]) => size);
  for (const length of lengths.slice(0, BAKED.count))
    for (const batch of [2, 1]) yield sizes(batch, length, length, length, length, length);
}

/** Tables and caches of up to this many elements are searched. */
const TABLE = 64;

export interface SizeOptions {
  /** Whole shapes, by input. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /** Values of symbols, by name, or ranges: of these the value that is nearest to the choice. */
  readonly dims?: Readonly<Record<string, DimSize>>;
}

/** A choice whose past and new tokens have room in the buffers of a model whose cache has a fixed length. */
export function withinCache(model: Model, choice: Sizes): Sizes {
  const cache = notedCache(model);
  if (!cache) return choice;
  const past = Math.max(0, Math.min(choice.past, cache.length - (typeof cache.added === 'number' ? cache.added : 1)));
  return { ...choice, past, length: Math.min(choice.length, cache.length - past) };
}

/** The shape of every input under a choice of sizes. Throws RangeError where `shapes` contradicts the model. */
export function shapesOf(
  model: Model,
  chosen: Sizes,
  { shapes = {}, dims: given = {} }: SizeOptions = {},
): Map<string, number[]> {
  const choice = withinCache(model, chosen);
  const dims: Sized = named(Object.entries({ ...rangesOf(model), ...given }));
  const bindings = new Map<SymbolName, number>(
    Object.entries(dims).flatMap(([name, size]) => (isRange(size) ? [] : [[name, size] as const])),
  );
  const inputs = model.graph.inputs;
  for (const [name, given] of Object.entries(shapes)) {
    const input = inputs.find((value) => value.name === name);
    if (!input) throw new RangeError(`shape of "${name}": expected an input of the model; found ${listed(inputs)}`);
    bindShape(name, declaredShape(input), given, bindings);
  }
  const hasPast = inputs.some((input) => declaredShape(input)?.some((_, axis) => isPast(input, axis)));
  const ordinary = new Set(inputs.filter(({ name }) => !/mask/i.test(name)).flatMap(symbolNames));
  const result = new Map<string, number[]>();
  // Inputs that name a symbol by their role come first: a batch before a dim that merely shares its name.
  for (const input of inputs)
    (declaredShape(input) ?? []).forEach((dim, axis) => {
      for (const name of symbolsOf(dim)) {
        if (bindings.has(name)) continue;
        const isTotal = hasPast && isOwnMask(input) && axis > 0 && !ordinary.has(name);
        bindings.set(name, sizeOf(name, { input, axis, choice, hasPast, isTotal, dims }));
      }
    });
  for (const input of inputs) {
    const shape = declaredShape(input) ?? guessedShape(input, choice);
    const given = under(shapes, input.name);
    result.set(input.name, given ? [...given] : shape.map((dim) => sizeUnder(dim, bindings)));
  }
  return result;
}

/** The names of the symbols in the shapes of the inputs; symbols without a name are `?`. */
export const openDims = (model: Model): string[] => [...new Set(model.graph.inputs.flatMap(symbolNames).map(String))];

const listed = (inputs: readonly Value[]): string => inputs.map(({ name }) => name).join(', ') || 'none';
const declaredShape = (input: Value): readonly Dim[] | undefined =>
  input.type?.kind === 'tensor' ? input.type.shape : undefined;
const symbolNames = (input: Value): SymbolName[] => (declaredShape(input) ?? []).flatMap(symbolsOf);

function bindShape(
  name: string,
  shape: readonly Dim[] | undefined,
  given: readonly number[],
  bindings: Map<SymbolName, number>,
): void {
  if (!shape) return;
  if (shape.length !== given.length)
    throw new RangeError(`shape of "${name}": expected ${shape.length} dims; found [${given}]`);
  shape.forEach((dim, axis) => {
    const size = given[axis] as number;
    if (typeof dim === 'number' && dim !== size)
      throw new RangeError(`shape of "${name}": expected ${dim} at axis ${axis}, which the model fixes; found ${size}`);
    const symbol = nameOf(dim);
    if (symbol !== undefined) bindings.set(symbol, size);
  });
}

function sizeUnder(dim: Dim, bindings: ReadonlyMap<SymbolName, number>): number {
  const value = substitute(dim, bindings);
  return typeof value === 'number' ? Math.max(0, value) : 1;
}

const isPast = (input: Value, axis: number): boolean => {
  const dim = declaredShape(input)?.[axis];
  if (dim === undefined || typeof dim === 'number') return false;
  if (/past/i.test(String(dim)) && !/[+]/.test(String(dim))) return true;
  return pasts.test(input.name) && axis === 2 && !/batch|head|enc/i.test(String(dim));
};

/** A mask over past and new tokens; an encoder's is over what it encoded. */
const isOwnMask = ({ name }: Value): boolean => /mask/i.test(name) && !encoders.test(name);

/** Sizes and ranges by name. */
type Sized = Readonly<Record<string, DimSize>>;

/** Where a symbol stands, and what is known of the sizes there. */
interface Place {
  readonly input: Value;
  readonly axis: number;
  readonly choice: Sizes;
  /** The model has an attention cache. */
  readonly hasPast: boolean;
  /** The symbol counts past and new tokens. */
  readonly isTotal: boolean;
  readonly dims: Sized;
}

/** The size of a symbol: within its range, where it has one. */
function sizeOf(name: SymbolName, place: Place): number {
  const size = freeSize(name, place);
  return typeof name === 'string' ? sizeIn(under(place.dims, name), size) : size;
}

/** A size that was given, or else one within the range that was. */
const sizeIn = (given: DimSize | undefined, size: number): number =>
  isRange(given) ? nearestIn(given, size) : (given ?? size);

/** The choice with the lengths that were given instead: what adds them up, as a mask of the past and the new tokens does, names neither. */
function asGiven(choice: Sizes, dims: Sized): Sizes {
  const found = { ...choice };
  for (const [name, size] of Object.entries(dims))
    if (!name.includes('+') && !totals.test(name)) {
      if (pasts.test(name)) found.past = sizeIn(size, choice.past);
      else if (lengths.test(name) && !encoders.test(name)) found.length = sizeIn(size, choice.length);
    }
  return found;
}
const totals = /total|all_|kv_len|mask/i;
const pasts = /past|cache/i;
const encoders = /(^|[^a-z])enc/i;
const lengths = /seq|len|token|time|frame|step|^[stl]$/i;

/** The size of a symbol, by its name, or else by its place. */
function freeSize(name: SymbolName, place: Place): number {
  const { input, axis, choice, hasPast, isTotal, dims } = place;
  if (typeof name !== 'string') return weightDim(input, axis) ?? placeSize(input, axis, choice);
  const sum = partsOf(name);
  if (sum.length > 1)
    return sum.reduce(
      (total, part) => total + (/^\d+$/.test(part) ? Number(part) : sizeOf(part, { ...place, isTotal: false })),
      0,
    );
  if (/batch|^(b|n|bs)$/i.test(name)) return choice.batch;
  if (isTotal || (hasPast && totals.test(name))) {
    const { past, length } = asGiven(choice, dims);
    return past + length;
  }
  if (pasts.test(name)) return choice.past;
  if (encoders.test(name)) return choice.encoder;
  if (/height|width|^[hw]$/i.test(name)) return edge(input, choice);
  if (/channel/i.test(name)) return weightDim(input, axis) ?? 3;
  if (/^(mx|max)/i.test(name)) return TABLE;
  if (lengths.test(name)) return choice.length;
  return weightDim(input, axis) ?? placeSize(input, axis, choice);
}

/** Height and width: three channels are a picture. */
function edge(input: Value, choice: Sizes): number {
  const channels = declaredShape(input)?.[1];
  return (typeof channels === 'number' ? channels : weightDim(input, 1)) === 3 ? choice.pixels : choice.image;
}

/** The state of a recurrent layer: layers, batch, size. */
function isState(input: Value): boolean {
  const [layers, , size, ...rest] = declaredShape(input) ?? [];
  const isOne = typeof layers === 'number' && typeof size === 'number' && rest.length === 0;
  return isOne && /state|hidden|^[hc](_?[0n])?$/i.test(input.name);
}

function placeSize(input: Value, axis: number, choice: Sizes): number {
  const rank = declaredShape(input)?.length ?? 0;
  if (isPast(input, axis)) return choice.past;
  if (axis === 0 || (axis === 1 && isState(input))) return choice.batch;
  return rank === 4 && axis >= 2 ? edge(input, choice) : rank === 4 ? 3 : choice.length;
}

/** The size that the weights of the first reader require at an axis of an input. */
function weightDim(input: Value, axis: number): number | undefined {
  const rank = declaredShape(input)?.length ?? 0;
  for (const { node, index } of input.uses) {
    const weight = constantTensor(node.inputs[1])?.shape;
    if (index !== 0 || !weight) continue;
    if (node.is('Conv') && axis === 1) return weight[1]! * node.int('group', 1);
    if (node.is('ConvTranspose') && axis === 1) return weight[0];
    if (node.is('MatMul') && axis === rank - 1) return weight[Math.max(0, weight.length - 2)];
    if (node.is('Gemm') && axis === 1 - node.int('transA', 0)) return weight[node.int('transB', 0)];
    if (node.is('LayerNormalization') && axis === rank - 1) return weight.at(-1);
  }
  return undefined;
}

/** A shape for an input of unknown rank. */
function guessedShape(input: Value, choice: Sizes): number[] {
  for (const { node, index } of input.uses) {
    const weight = constantTensor(node.inputs[1])?.shape;
    if (node.is('Conv') && index === 0 && weight)
      return [choice.batch, weight[1]! * node.int('group', 1), ...weight.slice(2).map(() => choice.image)];
    if (node.is('MatMul') && index === 0 && weight) return [choice.batch, choice.length, weight.at(-2) ?? weight[0]!];
    if (node.is('Gemm') && index === 0 && weight) return [choice.batch, weight[node.int('transB', 0)]!];
  }
  return [choice.batch, choice.length];
}
