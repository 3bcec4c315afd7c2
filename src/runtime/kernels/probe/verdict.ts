/** Derives verdicts about kernels from placements. */
import { runtimeNameOf, type Target } from '../../../ir/targets/targets.js';
import { modelOf, PROBE } from './form.js';
import { type NodePlaces, type Probing, placedOf } from './placed.js';
import type { Try } from './tries.js';

/** invalid: the model does not load on any provider, which says nothing about kernels. */
export type KernelVerdict = 'yes' | 'no' | 'invalid';

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

/** A try, and what the provider says to it. */
export interface Judged {
  readonly one: Try;
  readonly verdict: KernelVerdict;
}

/** Gives the verdict of a provider on each try. Tries whose constants have no form in their type are invalid. */
export async function verdictsOf(tries: readonly Try[], probing: Probing): Promise<Judged[]> {
  const placed = await placedOf(tries.length, (index) => modelIn(tries[index] as Try), probing);
  return tries.map((one, index) => ({ one, verdict: verdictOf(placed[index], probing.provider) }));
}

async function modelIn({ form }: Try): Promise<Uint8Array | undefined> {
  try {
    return await modelOf(form);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return undefined;
  }
}

function verdictOf(placed: NodePlaces | undefined, provider: Target): KernelVerdict {
  if (!placed) return 'invalid';
  const { nodes, error, isCrash } = placed;
  if (isCrash || (error && noKernel.test(error))) return 'no';
  const own = nodes[runtimeNameOf(provider)] ?? [];
  const others = Object.entries(nodes).flatMap(([name, ops]) => (name === runtimeNameOf(provider) ? [] : ops));
  if (others.includes(PROBE)) return 'no';
  if (error) return own.includes(PROBE) && afterPlacement.test(error) ? 'yes' : 'invalid';
  // Otherwise the runtime replaced the node by others, or computed it while it made the session.
  return own.includes(PROBE) || others.every((opType) => ofShapes.has(opType)) ? 'yes' : 'no';
}
