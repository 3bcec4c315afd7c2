/** A batch that the original fixed at 1: each row of a larger one is held against a run of the original by itself. */

import { named } from '../ir/collections/named.js';
import type { Model } from '../ir/model.js';
import { numberText } from '../ir/text/quantities.js';
import type { Verdict } from '../run/verify/verifier.js';
import { RuntimeError, type RuntimeProcess, type Session, type TensorData, type Tensors } from '../runtime/isolate.js';
import { makeFeeds } from './inputs/feeds.js';
import { sizeChoices } from './inputs/sizes.js';
import { compareTensors } from './judge/accuracy.js';
import type { Gate } from './judge/gates.js';
import type { ComparedModel } from './sides/compared-model.js';

const ROWS = 3;

/** The inputs whose first dim is 1 in the original and open in the result. */
const openedIn = (original: Model, result: Model): string[] =>
  result.graph.inputs.flatMap(({ name, shape }) => {
    const before = original.graph.inputs.find((input) => input.name === name)?.shape;
    return before?.[0] === 1 && shape && typeof shape[0] !== 'number' ? [name] : [];
  });

/** Undefined where no batch was opened, or each row is as it is alone; else a verdict that names the output. */
export async function rowsAlone(
  runtime: RuntimeProcess,
  original: ComparedModel,
  result: ComparedModel,
  { gate, seed = 0 }: { readonly gate: Gate; readonly seed?: number | undefined },
): Promise<Verdict | undefined> {
  const opened = openedIn(original.model, result.model);
  if (opened.length === 0) return undefined;
  const sessions: Session[] = [];
  const open = async (one: ComparedModel): Promise<Session> => {
    const session = await runtime.load((await one.prepared()).source, { provider: 'cpu', threads: 1 });
    sessions.push(session);
    return session;
  };
  try {
    const [single, whole] = [await open(original), await open(result)];
    const rows = await rowsOf(single, original.model, opened, seed);
    if (!rows)
      return {
        outcome: 'unknown',
        detail: 'the original runs on no made-up inputs, so that no batch of them was run',
        failed: 'original',
      };
    const batch = named(
      Object.entries(rows[0]?.feeds ?? {}).map(([name, tensor]): [string, TensorData] => [
        name,
        opened.includes(name) ? joined(rows.map(({ feeds }) => feeds[name] as TensorData)) : tensor,
      ]),
    );
    const { outputs } = await whole.run(batch);
    for (const [name, all] of Object.entries(outputs)) {
      const alone = rows.map(({ outputs: own }) => own[name] as TensorData);
      const expected = expectedOf(alone, all);
      if (!expected)
        return {
          outcome: 'unknown',
          detail: `"${name}": rows of a batch of ${ROWS} are not told apart: [${all.shape}] of all, [${alone[0]?.shape}] of one alone`,
          failed: 'checker',
        };
      const { relativeL2 } = compareTensors(name, expected, all);
      if (!(relativeL2 <= gate.maxError))
        return {
          outcome: 'rejected',
          detail: `"${name}": rows of a batch of ${ROWS} are not what each is alone: relative L2 ${numberText(relativeL2)} > ${gate.maxError}`,
        };
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.kind === 'killed') throw error;
    return { outcome: 'rejected', detail: `a batch of ${ROWS} does not run: ${error.message}` };
  } finally {
    for (const session of sessions) await session.release();
  }
}

interface Row {
  readonly feeds: Tensors;
  readonly outputs: Tensors;
}

/** Rows of one size, each with other numbers, that the original runs on; what is not of the batch is the same for all. */
async function rowsOf(
  single: Session,
  original: Model,
  opened: readonly string[],
  seed: number,
): Promise<Row[] | undefined> {
  for (const sizes of sizeChoices) {
    const rows: Row[] = [];
    try {
      for (let row = 0; row < ROWS; row++) {
        const made = makeFeeds(original, { seed: seed + row, sizes, variant: 'full' }).tensors;
        const shared = rows[0]?.feeds ?? made;
        const feeds = named(
          Object.entries(made).map(([name, own]): [string, TensorData] => [
            name,
            opened.includes(name) ? own : (shared[name] as TensorData),
          ]),
        );
        rows.push({ feeds, outputs: (await single.run(feeds)).outputs });
      }
      return rows;
    } catch (error) {
      if (!(error instanceof RangeError || (error instanceof RuntimeError && error.kind !== 'killed'))) throw error;
    }
  }
  return undefined;
}

const isSame = (a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean =>
  a.length === b.length && Array.prototype.every.call(a, (item, i) => item === b[i]);

/** What all rows are to give: joined along the one axis that grew, or the same for each; undefined where neither is so. */
function expectedOf(alone: readonly TensorData[], all: TensorData): TensorData | undefined {
  const [first] = alone as readonly [TensorData];
  if (alone.some(({ shape }) => !isSame(shape, first.shape)) || all.shape.length !== first.shape.length)
    return undefined;
  const grown = all.shape.flatMap((size, axis) => (size === first.shape[axis] ? [] : [axis]));
  if (grown.length === 0) return alone.every(({ data }) => isSame(data, first.data)) ? first : undefined;
  const [axis] = grown as [number];
  return grown.length === 1 && all.shape[axis] === ROWS * (first.shape[axis] as number)
    ? joined(alone, axis)
    : undefined;
}

/** Tensors of one shape behind each other along an axis. */
function joined(parts: readonly TensorData[], axis = 0): TensorData {
  const [{ type, shape, data }] = parts as readonly [TensorData];
  const dims = shape.map((size, at) => (at === axis ? size * parts.length : size));
  const blocks = shape.slice(0, axis).reduce((product, size) => product * size, 1);
  const length = data.length / blocks;
  const pieces = Array.from({ length: blocks }, (_, block) =>
    parts.map((part) => part.data.slice(block * length, (block + 1) * length)),
  ).flat();
  return data instanceof Uint8Array
    ? { type, shape: dims, data: Uint8Array.from(Buffer.concat(pieces as Uint8Array[])) }
    : { type, shape: dims, data: (pieces as string[][]).flat() };
}
