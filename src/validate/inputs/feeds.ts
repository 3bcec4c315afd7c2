/** Makes up inputs from the graph's own facts about them. They are seeded, so that anyone can make them again. */

import { named, under } from '../../ir/collections/named.js';
import type { Model } from '../../ir/model.js';
import { tensorOf } from '../../ir/tensors/numbers.js';
import { elementCount } from '../../ir/tensors/tensor.js';
import { type DataType, dataTypes, isFloat } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';
import { RuntimeError, type TensorData, type Tensors } from '../../runtime/isolate.js';
import { toTensorData } from '../../runtime/tensor-data.js';
import { brightnessOf, type InputKind, type KindName, kindOf, makerOf } from './kinds.js';
import { picturesOf } from './pictures.js';
import { Random } from './random.js';
import { type Role, roleOf } from './roles.js';
import { isFew, runRefusal } from './run-work.js';
import { type SizeOptions, type Sizes, shapesOf, sizeChoices, withinCache } from './sizes.js';

/**
 * The pattern of a mask. full: ones. padded: zeros at the end of rows. holes: zeros anywhere but at the first place, so
 * that a mask taken for a length shows, and a causal row always sees something. left: zeros at the beginning. rows:
 * holes, and a first row that sees nothing.
 */
export type MaskPattern = 'full' | 'padded' | 'holes' | 'left' | 'rows';

export interface FeedOptions extends SizeOptions {
  /** Default 0. */
  readonly seed?: number;
  /** Default holes. */
  readonly variant?: MaskPattern;
  /** Sizes of open dims; default the first choice. */
  readonly sizes?: Sizes;
  /** The numbers of float inputs without a known role. Default normal. */
  readonly kind?: KindName;
  /** Numbers for inputs that decide something, by name: every element is this number. */
  readonly values?: Readonly<Record<string, number>>;
}

/** Inputs to run a model on. */
export interface Feeds {
  readonly tensors: Tensors;
  /** The source and the shapes, in words. */
  readonly about: string;
  /** data: given by the user; made: generated. */
  readonly source: 'data' | 'made';
  /** The numbers of float inputs without a known role; absent where there is no such input. */
  readonly kind?: InputKind;
}

/** At most this many elements are made up for all inputs together: lists take JavaScript's memory many times over. */
const mostOf = ({ budget }: Model): number => budget.limitOf('input-elements');

/** The number of elements beyond the limit for made-up inputs; 0 within it. Throws RangeError for impossible shapes. */
export function excessOf(model: Model, options: FeedOptions = {}): number {
  const shapes = shapesOf(model, options.sizes ?? sizeChoices[0]!, options);
  const count = fedInputs(model, options).reduce((sum, { name }) => sum + elementCount(shapes.get(name) ?? []), 0);
  return Math.max(0, count - mostOf(model));
}

/** The inputs to feed: those without a default, and those with a shape in the options. */
export const fedInputs = (model: Model, { shapes }: FeedOptions): Value[] =>
  model.graph.inputs.filter((input) => !input.defaultTensor || under(shapes, input.name));

/**
 * Makes one set of inputs. Inputs with a default are left out, so that the default runs. Throws RangeError for
 * impossible shapes, RuntimeError for inputs too large to make up.
 */
export function makeFeeds(model: Model, options: FeedOptions = {}): Feeds {
  const { seed = 0, variant = 'holes', kind = 'normal', values = {} } = options;
  const { inputs, roles, made } = affordable(model, options);
  const tensors = inputs.map(made);
  const has = (kind: Role['kind']) => [...roles.values()].some((role) => role.kind === kind);
  const how = [
    `seed ${seed}`,
    ...(kind !== 'normal' ? [kind] : []),
    ...(has('mask') ? [`masks ${variant}`] : []),
    ...Object.entries(values).map(([name, value]) => `${name} ${value}`),
  ];
  return {
    tensors: Object.fromEntries(tensors),
    about: `generated (${how.join(', ')}): ${shapesText(Object.fromEntries(tensors))}`,
    source: 'made',
    ...([...roles].some(([input, role]) => isOfUnknownScale(input, role)) && { kind: kindOf(kind) }),
  };
}

/**
 * The error that refuses a run on these inputs before they are made. Undefined where the run is allowed, or where the
 * inputs cannot be made for another reason.
 */
export function refusalOf(model: Model, options: FeedOptions): RuntimeError | undefined {
  try {
    affordable(model, options);
  } catch (error) {
    if (error instanceof RuntimeError) return error;
    if (!(error instanceof RangeError)) throw error;
  }
  return undefined;
}

/**
 * The facts for making inputs. Throws as makeFeeds does, and before it makes large inputs: that takes as long as a run.
 */
function affordable(model: Model, options: FeedOptions) {
  const { seed = 0, variant = 'holes', kind = 'normal', values = {} } = options;
  const sizes = withinCache(model, options.sizes ?? sizeChoices[0]!);
  const excess = excessOf(model, options);
  if (excess > 0)
    throw new RuntimeError(
      'error',
      `inputs of ${excess + mostOf(model)} elements are ${model.budget.reasonOf('input-elements')}, or state smaller ones with dims or shapes`,
    );
  const shapes = shapesOf(model, sizes, options);
  const inputs = fedInputs(model, options);
  const roles = new Map(inputs.map((input) => [input, roleOf(model, input)]));
  const context: FeedContext = {
    sizes,
    variant,
    kind,
    isEven: seed % 2 === 0,
    past: inputs.some(({ name }) => /past|cache/i.test(name)) ? sizes.past : 0,
  };
  const shapeOf = ({ name }: Value): number[] => shapes.get(name) ?? [];
  const made = (input: Value): [string, TensorData] => {
    const random = Random.of(seed, input.name);
    const value = under(values, input.name);
    if (value !== undefined) return [input.name, filled(input, shapeOf(input), value)];
    return [input.name, tensorFor(input, shapeOf(input), roles.get(input)!, random, context)];
  };
  const few = named(inputs.filter((input) => isFew(shapeOf(input))).map(made));
  const refused = runRefusal(model, new Map(inputs.map((input) => [input.name, shapeOf(input)])), few);
  if (refused) throw new RuntimeError('error', `the model is ${refused}, or state smaller sizes with dims or shapes`);
  return { inputs, roles, made };
}

/**
 * True for floats of unknown meaning, except the outputs of an earlier run: states and caches have the model's own
 * scale.
 */
export const isOfUnknownScale = ({ elem, name }: Value, { kind }: Role): boolean =>
  kind === 'normal' && isFloat(elem) && !/past|cache|state(?!s)|^[hc](_?[0n])?$/i.test(name);

const filled = (input: Value, shape: readonly number[], value: number): TensorData =>
  data(
    elementType(input),
    Array.from({ length: elementCount(shape) }, () => value),
    shape,
  );

/** The shapes as `input_ids[2,7], attention_mask[2,7]`; long lists are cut. */
export function shapesText(tensors: Tensors): string {
  const entries = Object.entries(tensors).map(([name, { shape }]) => `${name}[${shape}]`);
  const shown = entries.slice(0, 6).join(', ');
  return entries.length > 6 ? `${shown} and ${entries.length - 6} more` : shown || 'no inputs';
}

interface FeedContext {
  readonly sizes: Sizes;
  readonly variant: MaskPattern;
  readonly kind: KindName;
  readonly isEven: boolean;
  readonly past: number;
}

const WORDS = ['a', 'The', 'cat', 'sat', 'on', 'café', '東京', '', 'a longer text', '42'];

/** A number that is minus infinity for a softmax, and within float16. */
const MASKED = -10_000;

/** The number of new tokens of a generated text. */
const GROWN = 4;

function tensorFor(input: Value, shape: number[], role: Role, random: Random, context: FeedContext): TensorData {
  const elem = elementType(input);
  const count = elementCount(shape);
  const list = (make: (index: number) => number): number[] => Array.from({ length: count }, (_, i) => make(i));
  switch (role.kind) {
    case 'text':
      return { type: 'string', shape, data: Array.from({ length: count }, () => WORDS[random.int(0, WORDS.length)]!) };
    case 'mask':
      return data(elem, maskOf(shape, role.values, random, context, /pad/i.test(input.name)), shape);
    case 'flag':
      return data(
        elem,
        list(() => Number(context.isEven)),
        shape,
      );
    case 'ids':
      // The first rows of a vocabulary are often special tokens, such as padding.
      return data(
        elem,
        list(() => random.int(role.below > 16 ? 4 : 0, role.below)),
        shape,
      );
    case 'positions': {
      const last = shape.at(-1) ?? 1;
      return data(
        elem,
        list((i) => (context.past + (i % last)) % (role.below ?? Number.POSITIVE_INFINITY)),
        shape,
      );
    }
    case 'lengths': {
      const { past, sizes } = context;
      const [sequence, total] = [sizes.length, past + sizes.length];
      const value = { sequence, total, 'total minus one': total - 1, longer: sequence + GROWN };
      return data(
        elem,
        list(() => value[role.of]),
        shape,
      );
    }
    case 'timestep':
      return data(
        elem,
        list(() => random.int(1, 1000)),
        shape,
      );
    case 'count':
      return data(
        elem,
        list(() => random.int(1, 4)),
        shape,
      );
    case 'integers':
      return data(
        elem,
        list(() => random.int(role.low, role.high)),
        shape,
      );
    case 'normal': {
      const last = Math.max(1, shape.at(-1) ?? 1);
      if (!isOfUnknownScale(input, role))
        return data(
          elem,
          list(() => makerOf('normal')(random, 0)),
          shape,
        );
      const [make, bright] = [makerOf(context.kind), brightnessOf(context.kind)];
      const pictures = bright && picturesOf(shape, random)?.map(bright);
      return data(elem, pictures ?? list((i) => make(random, (i % last) / last)), shape);
    }
  }
}

/** The element type of an input. Throws for a type that onnxruntime-node cannot take. */
function elementType(input: Value): DataType {
  const { elem, type } = input;
  if (type?.kind === 'tensor' && elem && dataTypes[elem].kind !== 'complex') return elem;
  const found = type?.kind === 'tensor' ? elem : type?.kind;
  throw new RangeError(`input "${input.name}": expected a tensor to make up; found ${found ?? 'no type'}`);
}

const data = (type: DataType, numbers: readonly number[], shape: readonly number[]): TensorData =>
  toTensorData(tensorOf(type, numbers, shape));

/** The visible places in a row of `length`. */
function seenIn(row: number, length: number, random: Random, variant: MaskPattern): boolean[] {
  const part = Math.max(1, Math.ceil(length * (row % 2 === 0 ? 0.7 : 0.9)));
  return Array.from({ length }, (_, i) => {
    if (variant === 'full') return true;
    if (variant === 'padded') return i < part;
    if (variant === 'left') return i >= length - part;
    if (variant === 'rows' && row === 0) return false;
    return i === 0 || random.next() > 0.3;
  });
}

/** A mask over the last axis, equal in all parts of one row of the batch. */
function maskOf(
  shape: readonly number[],
  values: 'bits' | 'additive',
  random: Random,
  { variant }: FeedContext,
  isPadding: boolean,
): number[] {
  const length = shape.at(-1) ?? 1;
  const rows = shape.length > 1 ? shape[0]! : 1;
  const repeats = shape.slice(1, -1).reduce((product, dim) => product * dim, 1);
  const numbers: number[] = [];
  for (let row = 0; row < rows; row++) {
    const places = seenIn(row, length, random, variant).map((isSeen) =>
      values === 'additive' ? (isSeen ? 0 : MASKED) : Number(isSeen !== isPadding),
    );
    for (let i = 0; i < repeats; i++) for (const place of places) numbers.push(place);
  }
  return numbers;
}
