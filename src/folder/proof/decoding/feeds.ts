/** What encoders and decoders of text read, by the names of their ports in exports of transformers. */
import { elementCount } from '../../../ir/tensors/tensor.js';
import type { Port, TensorData, Tensors } from '../../../runtime/isolate.js';
import type { Random } from '../../../validate/inputs/random.js';
import { type LoaderConfig, tensor } from '../place.js';

/** One step of a decoder. */
export interface DecoderStep {
  /** The tokens that are read now, of each row equally many. */
  readonly tokens: readonly (readonly number[])[];
  /** The number of tokens that the cache holds. */
  readonly before: number;
  /** By input; empty for the first step. */
  readonly cache: Tensors;
  /** The states of an encoder, [rows, length, width]. */
  readonly states?: TensorData;
  readonly random: Random;
}

const isIds = (name: string): boolean => /(^|_)input_ids$/.test(name);
export const isPast = (name: string): boolean => /^past/.test(name);

/** An input of a decoder. Throws nothing: an input of another name gets zeros. */
export function decoderFeed(port: Port, step: DecoderStep): TensorData {
  const { name, shape } = port;
  const { tokens, before, cache, states, random } = step;
  const [rows, length] = [tokens.length, tokens[0]?.length ?? 0];
  const of = (values: ArrayLike<number>, sizes: readonly number[]): TensorData => tensor(port, values, sizes);
  const filled = (value: number, sizes: readonly number[]): TensorData =>
    of(new Array(elementCount(sizes)).fill(value), sizes);
  if (isIds(name)) return of(tokens.flat(), [rows, length]);
  if (isPast(name)) return cache[name] ?? filled(0, sizesOf(shape, rows, 0));
  if (name === 'use_cache_branch') return filled(before > 0 ? 1 : 0, [1]);
  if (/encoder_hidden_states|encoder_outputs/.test(name)) {
    if (states) return states;
    const sizes = sizesOf(shape, rows, LENGTH);
    return of(
      Array.from({ length: elementCount(sizes) }, () => random.normal()),
      sizes,
    );
  }
  if (/encoder_attention_mask/.test(name)) return filled(1, [rows, states?.shape[1] ?? LENGTH]);
  if (/attention_mask/.test(name)) return filled(1, [rows, before + length]);
  if (/position/.test(name)) {
    const places = Array.from({ length }, (_, i) => before + i);
    return shape.length === 1
      ? of(places, [length])
      : of(
          tokens.flatMap(() => places),
          [rows, length],
        );
  }
  return filled(0, sizesOf(shape, rows, length));
}

/** Tokens of a text, frames of a sound or rows of a picture that are made up. */
const LENGTH = 12;

/** An input of an encoder: seeded tokens, all of them visible; or seeded numbers, in the sizes that its config states. */
export function encoderFeed(
  port: Port,
  rows: number,
  vocabulary: number,
  config: LoaderConfig,
  random: Random,
): TensorData {
  const { name, shape } = port;
  if (isIds(name) || /mask/.test(name)) {
    const values = Array.from({ length: rows * LENGTH }, () => (isIds(name) ? random.int(1, vocabulary - 1) : 1));
    return tensor(port, values, [rows, LENGTH]);
  }
  const size = (name: string): number | undefined => sizeIn(config, name, 'encoder');
  const frames = 2 * (size('max_source_positions') ?? LENGTH);
  const sizes = /features/.test(name)
    ? [rows, ...[size('num_mel_bins') ?? 80, frames].map((size, i) => fixed(shape[i + 1], size))]
    : sizesOf(shape, rows, size('image_size') ?? LENGTH);
  return tensor(
    port,
    Array.from({ length: elementCount(sizes) }, () => random.normal()),
    sizes,
  );
}

/** Where the config of a model of several keeps those of its halves. */
const halves = { encoder: ['encoder', 'vision_config', 'audio_config'], decoder: ['decoder', 'text_config'] } as const;

/** A number of a config, or of the config of one half in it. */
export const sizeIn = (config: LoaderConfig, name: string, half: keyof typeof halves): number | undefined =>
  [config, ...halves[half].map((key) => config[key] as LoaderConfig | undefined)]
    .map((one) => one?.[name])
    .find((found) => typeof found === 'number');

const fixed = (dim: number | string | undefined, otherwise: number): number =>
  typeof dim === 'number' ? dim : otherwise;
const sizesOf = (shape: Port['shape'], rows: number, open: number): number[] =>
  shape.map((dim, axis) => fixed(dim, axis === 0 ? rows : open));
