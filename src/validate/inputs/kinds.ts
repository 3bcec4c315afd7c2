/** Numbers for float inputs of unknown meaning: several scales, as people feed them. */
import type { Random } from './random.js';

export type KindName = 'normal' | '0–1' | '0–255' | '±32768' | 'swelling' | 'swelling to 32768';

/** One kind of numbers. */
export interface InputKind {
  readonly name: KindName;
  /** No magnitude is above it. */
  readonly largest: number;
}

/** A number at a place along the last axis, from 0 to 1. */
type Make = (random: Random, place: number) => number;

const NORMAL = 6;

/** From silence to full scale and back, over five orders of magnitude: real sound has both in one input. */
const swelling = (random: Random, place: number): number =>
  Math.max(-1, Math.min(1, (random.normal() / 3) * 10 ** (-5 * Math.abs(1 - 2 * place))));

const makers: Readonly<Record<KindName, { readonly largest: number; readonly make: Make }>> = {
  normal: { largest: NORMAL, make: (random) => Math.max(-NORMAL, Math.min(NORMAL, random.normal())) },
  '0–1': { largest: 1, make: (random) => random.next() },
  // Pictures and sound of these scales are whole numbers.
  '0–255': { largest: 255, make: (random) => random.int(0, 256) },
  '±32768': { largest: 32768, make: (random) => random.int(-32768, 32768) },
  swelling: { largest: 1, make: swelling },
  'swelling to 32768': { largest: 32768, make: (random, place) => Math.round(32768 * swelling(random, place)) },
};

export const kindOf = (name: KindName): InputKind => ({ name, largest: makers[name].largest });

export const makerOf = (name: KindName): Make => makers[name].make;

/** An axis of so many places may be one of samples. */
const LONG = 256;

/** More rows than the channels of sound have are something else: what a sequence of tokens is made of, for one. */
const CHANNELS = 2;

/** True for a shape that sound has: samples on the last axis, for each channel. */
export function isSignal(shape: readonly number[]): boolean {
  const [last = 0, channels = 1] = shape.toReversed();
  return shape.length <= 3 && last >= LONG && (shape.length < 3 || channels <= CHANNELS);
}

/** The kinds of several scales, the most telling first. */
export const scales: readonly KindName[] = ['0–1', '0–255', '±32768'];

/** The kinds that sound is like. */
export const sounds: readonly KindName[] = ['swelling', 'swelling to 32768'];
