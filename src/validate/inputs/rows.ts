/**
 * Tests whether one row of a batch affects the others: feeds an outlier, infinities or NaN in one row and ordinary
 * numbers in the rest, before and after the passes.
 */

import { under } from '../../ir/collections/named.js';
import { type Dim, dimText } from '../../ir/dims/dims.js';
import type { Model } from '../../ir/model.js';
import { numbersOf, tensorOf } from '../../ir/tensors/numbers.js';
import { elementCount } from '../../ir/tensors/tensor.js';
import { percentText } from '../../ir/text/quantities.js';
import { byteLengthOf } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';
import { RuntimeError, type Session, type TensorData, type Tensors } from '../../runtime/isolate.js';
import { fromTensorData, toTensorData } from '../../runtime/tensor-data.js';
import { isOfUnknownScale } from './feeds.js';
import { roleOf } from './roles.js';

/** The odd numbers in one row. */
type OddNumber = 'outlier' | 'inf' | 'NaN';

/** The effect of one odd row. */
export interface RowEffect {
  readonly row: OddNumber;
  /** ‖change‖ / ‖other rows‖ in the result; null where other rows become NaN or infinite. */
  readonly change: number | null;
  /** True where the row itself is NaN or infinite before, and finite after. */
  readonly becomesFinite: boolean;
}

export interface RowDependence {
  /** Effects that the passes introduced: in the original other rows stay as they are, and NaN stays NaN. */
  readonly effects: readonly RowEffect[];
  /** The effects in words. */
  readonly texts: readonly string[];
  /** Milliseconds of a run where that is too long, so that nothing was tried. */
  readonly tooLongMs?: number;
}

/** Runs a model on tensors. */
type RunModel = (tensors: Tensors) => Promise<Tensors>;

/** A longer run is not worth its time: nine of them are made. */
const LONG_MS = 100;

const ROWS = 3;
const ODD = 1;

const odds: Readonly<Record<OddNumber, (number: number) => number>> = {
  outlier: (number) => number * 1e6,
  inf: () => Number.POSITIVE_INFINITY,
  NaN: () => Number.NaN,
};

/**
 * Other rows may move by this much: in the original because kernels sum in another order, in the result because a
 * smaller effect is not worth a report.
 */
const NOISE = { original: 1e-4, result: 1e-2 };

/** Undefined where the model has no batch of independent rows, or does not run on one. */
export async function rowDependence(
  model: Model,
  tensors: Tensors,
  original: Session,
  result: Session,
): Promise<RowDependence | undefined> {
  const batch = batchOf(model, tensors);
  if (!batch) return undefined;
  const runOf =
    (session: Session): RunModel =>
    async (feeds) =>
      (await session.run(feeds)).outputs;
  try {
    const { ms, waitedMs } = await original.run(batch.tensors);
    const runMs = ms - waitedMs;
    if (runMs > LONG_MS) return { effects: [], texts: [], tooLongMs: runMs };
    const before = await effectsOf(batch, runOf(original));
    const kept = before.filter(({ change }) => change !== null && change <= NOISE.original);
    if (!kept.length) return undefined;
    const after = new Map((await effectsOf(batch, runOf(result))).map((effect) => [effect.row, effect]));
    const effects = kept.flatMap(({ row, staysFinite }): RowEffect[] => {
      const found = after.get(row);
      if (!found) return [];
      const becomesFinite = !staysFinite && found.staysFinite;
      const isMoved = found.change === null || found.change > NOISE.result;
      return isMoved || becomesFinite ? [{ row, change: found.change, becomesFinite }] : [];
    });
    return { effects, texts: effects.flatMap(textsOf) };
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.kind !== 'error') throw error;
    return undefined;
  }
}

const names: Readonly<Record<OddNumber, string>> = {
  outlier: 'a row a million times larger',
  inf: 'a row of infinities',
  NaN: 'a row of NaN',
};

function textsOf({ row, change, becomesFinite }: RowEffect): string[] {
  const moved =
    change === null
      ? [`${names[row]} makes other rows of the batch NaN or infinite; before it did not`]
      : change > NOISE.result
        ? [`${names[row]} moves other rows of the batch by ${percentText(change)}; before it did not`]
        : [];
  return [...moved, ...(becomesFinite ? [`${names[row]} comes out as finite numbers; before it did not`] : [])];
}

/** Inputs of several rows, and the inputs among them in which one row is made odd. */
interface Batch {
  readonly tensors: Tensors;
  readonly names: readonly string[];
}

/** True for a model with a batch of rows that one may be made odd in. */
export const hasRows = (model: Model, tensors: Tensors): boolean => batchOf(model, tensors) !== undefined;

/** Makes three rows of each input whose first dim is the batch: the first row three times, where the batch is open. */
function batchOf(model: Model, tensors: Tensors): Batch | undefined {
  const { inputs } = model.graph;
  const floats = inputs.filter((input) => under(tensors, input.name) && isOfUnknownScale(input, roleOf(model, input)));
  const [batch] = floats.flatMap((input) => input.shape?.[0] ?? []);
  const isFixed = typeof batch === 'number';
  if (batch === undefined || (isFixed && batch < ROWS)) return undefined;
  const isOne = (dim: Dim | undefined) => dim !== undefined && dimText(dim) === dimText(batch);
  // A batch that stands on another axis too (a state's second) is not supported here.
  if (inputs.some(({ shape }) => shape?.slice(1).some(isOne) && !isFixed)) return undefined;
  const isBatch = (input: Value): boolean => isOne(input.shape?.[0]);
  const entries = inputs.flatMap((input): [string, TensorData][] => {
    const given = under(tensors, input.name);
    if (!given) return [];
    return [[input.name, isBatch(input) && !isFixed ? repeated(given) : given]];
  });
  return { tensors: Object.fromEntries(entries), names: floats.filter(isBatch).map(({ name }) => name) };
}

/** Repeats the first row three times. */
function repeated({ type, shape, data }: TensorData): TensorData {
  const count = elementCount(shape.slice(1));
  const rows = [ROWS, ...shape.slice(1)];
  if (!(data instanceof Uint8Array)) {
    const row = data.slice(0, count);
    return { type, shape: rows, data: Array.from({ length: ROWS }, () => row).flat() };
  }
  const row = data.subarray(0, byteLengthOf(type, count));
  const all = new Uint8Array(ROWS * row.length);
  for (let i = 0; i < ROWS; i++) all.set(row, i * row.length);
  return { type, shape: rows, data: all };
}

interface MeasuredEffect {
  readonly row: OddNumber;
  readonly change: number | null;
  /** True where the odd row is finite. */
  readonly staysFinite: boolean;
}

async function effectsOf({ tensors, names: odd }: Batch, run: RunModel): Promise<MeasuredEffect[]> {
  const ordinary = await run(tensors);
  const effects: MeasuredEffect[] = [];
  for (const [row, change] of Object.entries(odds) as [OddNumber, (number: number) => number][]) {
    const changed = odd.map((name) => [name, withOdd(tensors[name] as TensorData, change)] as const);
    const found = await run({ ...tensors, ...Object.fromEntries(changed) });
    effects.push({ row, ...effectOf(ordinary, found) });
  }
  return effects;
}

function withOdd({ type, shape, data }: TensorData, change: (number: number) => number): TensorData {
  const numbers = numbersOf(fromTensorData({ type, shape, data }));
  const size = elementCount(shape.slice(1));
  for (let i = ODD * size; i < (ODD + 1) * size; i++) numbers[i] = change(numbers[i] as number);
  return toTensorData(tensorOf(type, numbers, shape));
}

/** The movement of the other rows, the largest of all outputs with rows. */
function effectOf(ordinary: Tensors, found: Tensors): Omit<MeasuredEffect, 'row'> {
  let change: number | null = 0;
  let staysFinite = true;
  for (const [name, before] of Object.entries(ordinary)) {
    const after = under(found, name);
    const rows = before.shape[0] ?? 0;
    if (!after || before.type === 'string' || rows < ROWS || String(before.shape) !== String(after.shape)) continue;
    const [a, b] = [before, after].map((tensor) => numbersOf(fromTensorData(tensor))) as [Float64Array, Float64Array];
    const size = a.length / rows;
    let [error, norm] = [0, 0];
    for (let i = 0; i < a.length; i++) {
      const [x, y] = [a[i] as number, b[i] as number];
      if (Math.floor(i / size) === ODD) staysFinite &&= Number.isFinite(y);
      else if (Number.isFinite(x)) {
        error += (x - y) ** 2;
        norm += x * x;
      }
    }
    const moved = error === 0 ? 0 : Math.sqrt(error / norm);
    change = change === null || !Number.isFinite(moved) ? null : Math.max(change, moved);
  }
  return { change, staysFinite };
}
