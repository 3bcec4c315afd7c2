/** A graph before any pass, and what the runtime gives for it. */
import { inferTypes } from '../../../src/index.js';
import type { Model } from '../../../src/ir/model.js';
import { readModel } from '../../../src/onnx/read.js';
import { writeModel } from '../../../src/onnx/write.js';
import type { RuntimeProcess } from '../../../src/runtime/isolate.js';
import type { Tensors } from '../../../src/runtime/protocol.js';
import type { Outputs } from './difference.js';
import { feedsFor } from './feeds.js';
import { shake } from './shake.js';

export interface Original {
  readonly model: Model;
  readonly bytes: Uint8Array;
  readonly feeds: readonly Tensors[];
  /** Undefined where the runtime refuses these inputs. */
  readonly outputs: readonly (Outputs | undefined)[];
  /** What it gives under shaking, by coarseness: found out where it is asked for. */
  readonly shaken: Map<number, readonly (readonly Outputs[])[]>;
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The outputs of a model on each set of inputs; the runtime's words where it does not load. */
export async function outputsOf(
  runtime: RuntimeProcess,
  bytes: Uint8Array,
  feeds: readonly Tensors[],
): Promise<(Outputs | string)[]> {
  let session: Awaited<ReturnType<RuntimeProcess['load']>>;
  try {
    session = await runtime.load(bytes, { provider: 'cpu', threads: 1 });
  } catch (error) {
    return feeds.map(() => textOf(error));
  }
  const found: (Outputs | string)[] = [];
  for (const one of feeds) found.push(await session.run(one).then(({ outputs }) => outputs, textOf));
  await session.release();
  return found;
}

/** The graph as a file has it, and what the runtime gives; its words where it refuses the graph. Throws where the reader refuses what the runtime runs. */
export async function originalOf(runtime: RuntimeProcess, drawn: Model, seed: number): Promise<Original | string> {
  const bytes = await writeModel(drawn);
  const feeds = feedsFor(drawn, seed);
  const found = await outputsOf(runtime, bytes, feeds);
  const outputs = found.map((one) => (typeof one === 'string' ? undefined : one));
  const [first] = found;
  if (outputs.every((one) => one === undefined)) return typeof first === 'string' ? first : '';
  return { model: await readModel(bytes), bytes, feeds, outputs, shaken: new Map() };
}

const SHAKES = 6;

/** The outputs of the original under shaking, by set of inputs. */
export async function shakenOf(
  runtime: RuntimeProcess,
  original: Original,
  coarseness = 1,
): Promise<readonly (readonly Outputs[])[]> {
  const known = original.shaken.get(coarseness);
  if (known) return known;
  const typed = await readModel(original.bytes);
  inferTypes(typed);
  const all: Outputs[][] = original.feeds.map(() => []);
  for (let seed = 1; seed <= SHAKES; seed++) {
    const found = await outputsOf(runtime, await writeModel(shake(typed, seed, coarseness)), original.feeds);
    found.forEach((one, index) => {
      if (typeof one !== 'string') all[index]?.push(one);
    });
  }
  original.shaken.set(coarseness, all);
  return all;
}
