/** Runs of the original that results are compared with, and what they are asked for. */

import type { Provider, TensorData } from '../runtime/protocol.js';
import type { FeedOptions, Feeds } from './inputs/feeds.js';
import type { SizePoint } from './inputs/points.js';

/** One set of inputs and the original's outputs. */
export interface ReferenceRun {
  readonly feeds: Feeds;
  readonly outputs: Readonly<Record<string, TensorData>>;
  /** The outputs of the same model in float32, where it overflows 16 bits: see `sides/in-float32.ts`. */
  readonly inFloat32?: Readonly<Record<string, TensorData>>;
  /** Milliseconds of the run, the way between processes included. */
  readonly ms: number;
  /** The sizes of the dims that have a range, where they were chosen. */
  readonly point?: SizePoint;
}

export interface ReferenceOptions extends FeedOptions {
  readonly provider: Provider;
  /** A file or folder with sets of inputs. A few made-up sets with the same shapes follow them. */
  readonly inputs?: string;
  /** True for an intermediate model: data that was checked against the original is rounded to this model's ports. */
  readonly isRounded?: boolean;
  /** Milliseconds that the original may run on more sets than the minimum. Default 0: on no more. */
  readonly setsBudgetMs?: number;
  /** The largest number of sets; default 16. */
  readonly mostSets?: number;
}
