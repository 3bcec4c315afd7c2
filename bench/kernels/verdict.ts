/** Derives verdicts about kernels from placements. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runtimeNameOf, type Target } from '../../src/ir/targets/targets.js';
import { modelOf, PROBE } from './form.js';
import { type Placed, placedOf } from './placed.js';
import type { Try } from './tries.js';

/** invalid: the model does not load on any provider, which says nothing about kernels. */
export type Verdict = 'yes' | 'no' | 'invalid';

/** Operators of shape arithmetic that the runtime inserts and keeps on the CPU on purpose. */
const ofShapes = new Set(
  (
    'Shape Size Gather Slice Squeeze Unsqueeze Concat Reshape Cast Add Sub Mul Div Mod Max Min Equal Where Constant ' +
    'ConstantOfShape Range Identity Split MemcpyToHost MemcpyFromHost'
  ).split(' '),
);

const noKernel = /Could not find an implementation|NOT_IMPLEMENTED|IsNodeCompatibleWith|Failed to find kernel/;
/** Errors after the node was placed: a port's type, or memory that hollow libraries lack. */
const afterPlacement = /^Unsupported data type|BFCArena/;

/** A try, and its model as a file. */
export interface WrittenTry {
  readonly file: string;
  readonly one: Try;
}

/** Writes the model of each try into a folder. Tries whose constants have no form in their type are left out. */
export async function writeTries(tries: readonly Try[], folder: string): Promise<WrittenTry[]> {
  const written: WrittenTry[] = [];
  for (const one of tries) {
    const file = join(folder, `${written.length}.onnx`);
    try {
      await writeFile(file, await modelOf(one.form));
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      continue;
    }
    written.push({ file, one });
  }
  return written;
}

/** Gives the verdict of a provider on each try. */
export async function verdictsOf(
  written: readonly WrittenTry[],
  provider: Target,
  env?: Readonly<Record<string, string>>,
): Promise<{ readonly one: Try; readonly verdict: Verdict }[]> {
  const files = written.map(({ file }) => file);
  const placed = await placedOf(files, provider, env);
  return written.map(({ one }, index) => ({ one, verdict: verdictOf(placed[index] as Placed, provider) }));
}

function verdictOf({ nodes, error, isCrash }: Placed, provider: Target): Verdict {
  if (isCrash || (error && noKernel.test(error))) return 'no';
  const own = nodes[runtimeNameOf(provider)] ?? [];
  const others = Object.entries(nodes).flatMap(([name, ops]) => (name === runtimeNameOf(provider) ? [] : ops));
  if (others.includes(PROBE)) return 'no';
  if (error) return own.includes(PROBE) && afterPlacement.test(error) ? 'yes' : 'invalid';
  // Otherwise the runtime replaced the node by others, or computed it while it made the session.
  return own.includes(PROBE) || others.every((opType) => ofShapes.has(opType)) ? 'yes' : 'no';
}
