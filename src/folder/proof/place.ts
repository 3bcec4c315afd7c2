/** The models of a pipeline as they are run: one at a time, each a failure of its part where the runtime refuses. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { numbersOf, tensorOf } from '../../ir/tensors/numbers.js';
import {
  type Port,
  type Provider,
  RuntimeError,
  type RuntimeProcess,
  type Session,
  type TensorData,
  type Tensors,
} from '../../runtime/isolate.js';
import { fromTensorData, toTensorData } from '../../runtime/tensor-data.js';

/** Where a pipeline is: its configs, and each of its models. */
export interface Place {
  readonly folder: string;
  readonly modelOf: (part: string) => string;
}

/** Where both sides of a pipeline are. */
export interface Sides {
  readonly original: Place;
  readonly result: Place;
}

/** What one model of the pipeline was given, and gave. */
export interface PartRun {
  readonly part: string;
  readonly feeds: Tensors;
  readonly outputs: Readonly<Record<string, TensorData>>;
}

export interface Numbers {
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

/** A tensor of a port's type. */
export const tensor = ({ type }: Port, values: ArrayLike<number>, shape: readonly number[]): TensorData =>
  toTensorData(tensorOf(type ?? 'float32', Array.from(values), shape));

/** Relative L2; infinite where one has NaN. */
export function distance(a: Numbers, b: Numbers): number {
  let [difference, size] = [0, 0];
  a.values.forEach((value, i) => {
    difference += (value - (b.values[i] as number)) ** 2;
    size += value ** 2;
  });
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.sqrt(difference / (size || 1));
}

export const numbers = (data: TensorData): Numbers => ({ shape: data.shape, values: numbersOf(fromTensorData(data)) });

/** A model of the pipeline that does not run. */
export class PartFailure extends Error {
  constructor(
    readonly part: string,
    cause: RuntimeError,
  ) {
    super(cause.message, { cause });
  }
}

/** Loads a model and works with it. Rejects with PartFailure where the runtime refuses. */
export async function withPart<T>(
  runtime: RuntimeProcess,
  { modelOf }: Place,
  part: string,
  provider: Provider,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  try {
    const session = await runtime.load(modelOf(part), { provider, optimize: true });
    try {
      return await work(session);
    } finally {
      await session.release();
    }
  } catch (error) {
    throw error instanceof RuntimeError ? new PartFailure(part, error) : error;
  }
}

/** What loaders read of a model beside it. */
export type LoaderConfig = Readonly<Record<string, unknown>>;

/** The JSON of a file in the folder; empty where there is none. */
export async function jsonIn(folder: string, path: string): Promise<LoaderConfig> {
  try {
    return JSON.parse(await readFile(join(folder, path), 'utf8'));
  } catch {
    return {};
  }
}

/** The config beside a model, or beside the folder that it is in. */
export async function configOf(folder: string, part: string): Promise<LoaderConfig> {
  const own = await jsonIn(folder, join(dirname(part), 'config.json'));
  return Object.keys(own).length > 0 ? own : jsonIn(folder, join(dirname(part), '..', 'config.json'));
}
