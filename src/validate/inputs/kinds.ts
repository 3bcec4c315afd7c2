/** Makes numbers for float inputs of unknown meaning, at several scales that people feed. */
import { MOST_BRIGHT } from './pictures.js';
import type { Random } from './random.js';

export type KindName = 'normal' | '0–1' | '0–255' | '±32768' | 'swelling' | 'swelling to 32768';

/** One kind of numbers. */
export interface InputKind {
  readonly name: KindName;
  /** No magnitude is above it. */
  readonly largest: number;
}

/** Makes a number for a place along the last axis; the place runs from 0 to 1. */
type NumberMaker = (random: Random, place: number) => number;

const NORMAL = 6;

/** From silence to full scale and back, over five orders of magnitude: real sound has both in one input. */
const swelling = (random: Random, place: number): number =>
  Math.max(-1, Math.min(1, (random.normal() / 3) * 10 ** (-5 * Math.abs(1 - 2 * place))));

const makers: Readonly<Record<KindName, { readonly largest: number; readonly make: NumberMaker }>> = {
  normal: { largest: NORMAL, make: (random) => Math.max(-NORMAL, Math.min(NORMAL, random.normal())) },
  '0–1': { largest: 1, make: (random) => random.next() },
  // Pictures and sound at these scales are whole numbers.
  '0–255': { largest: 255, make: (random) => random.int(0, 256) },
  '±32768': { largest: 32768, make: (random) => random.int(-32768, 32768) },
  swelling: { largest: 1, make: swelling },
  'swelling to 32768': { largest: 32768, make: (random, place) => Math.round(32768 * swelling(random, place)) },
};

export const kindOf = (name: KindName): InputKind => ({ name, largest: makers[name].largest });

/** The same kind as pictures, of numbers from −MOST_BRIGHT to MOST_BRIGHT; undefined for a kind that pictures do not come in. */
export function brightnessOf(name: KindName): ((number: number) => number) | undefined {
  const share = (number: number): number => (number / MOST_BRIGHT + 1) / 2;
  if (name === 'normal') return (number) => number;
  if (name === '0–1') return share;
  return name === '0–255' ? (number) => Math.round(255 * share(number)) : undefined;
}

export const makerOf = (name: KindName): NumberMaker => makers[name].make;

/** An axis of at least this many places may be one of samples. */
const LONG = 256;

/** Sound has at most this many channels; more rows are something else, such as a sequence of tokens. */
const CHANNELS = 2;

/** True for the shape of sound: samples on the last axis, for each channel. */
export function isSignal(shape: readonly number[]): boolean {
  const [last = 0, channels = 1] = shape.toReversed();
  return shape.length <= 3 && last >= LONG && (shape.length < 3 || channels <= CHANNELS);
}

/** Kinds at several scales, the most revealing first. */
export const scales: readonly KindName[] = ['0–1', '0–255', '±32768'];

/** Kinds that resemble sound. */
export const sounds: readonly KindName[] = ['swelling', 'swelling to 32768'];
