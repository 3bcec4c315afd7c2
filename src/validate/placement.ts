/** Tells which provider runs which node. A node that falls back to another provider breaks the graph into pieces. */
import { named } from '../ir/collections/named.js';
import { isShapeArithmetic, type PlacementState, type SizedType } from '../ir/targets/placed-node.js';
import { runtimeNameOf } from '../ir/targets/targets.js';
import { elementCount } from '../ir/tensors/tensor.js';
import type { NodeRun, Provider, RuntimeProcess, Tensors, TracedType } from '../runtime/isolate.js';

export interface PlacementReport {
  readonly provider: Provider;
  /**
   * Absent where the nodes ran. `partition`: a provider that is here took them, and computes nothing right. `tables`: the kernel tables tell the placement
   * of a provider that is not here.
   */
  readonly source?: 'partition' | 'tables';
  /** Nodes by the provider that ran them, under the runtime's name for it. */
  readonly nodes: Readonly<Record<string, number>>;
  /** Nodes that another provider ran, by op; without shape arithmetic. */
  readonly fallbacks: Readonly<Record<string, number>>;
  /** Those of them that neither the provider nor the CPU is known to have a kernel for, by op; by tables alone. */
  readonly unplaced?: Readonly<Record<string, number>>;
  /** The same nodes as the fallbacks, by name. */
  readonly names: readonly string[];
  /**
   * Nodes on the CPU that compute small integers: shapes, indices, conditions. The runtime keeps them there on purpose,
   * since their readers are on the CPU too.
   */
  readonly shapeArithmetic: number;
  /** Copies between providers in one run. */
  readonly copies: number;
  /** Bytes of the copies whose sizes are known; by tables alone. */
  readonly copiedBytes?: number;
  /** Nodes by state, shape arithmetic aside; by tables alone. */
  readonly states?: Readonly<Partial<Record<PlacementState, number>>>;
  /** Why nodes do not run on the target, or not for sure, with the number of nodes. */
  readonly causes?: readonly PlacementCause[];
}

export interface PlacementCause {
  readonly count: number;
  readonly text: string;
  /** Flags of the command that end it, by a trial on the result; undefined where none are known. */
  readonly cure?: string;
}

const sizedTypes = (tensors: readonly TracedType[]): SizedType[] =>
  tensors.map(({ type, shape }) => ({ type, count: elementCount(shape) }));

/** The placement by a trace. A node that ran more than once (in a loop) counts once. */
export function readPlacement(provider: Provider, runs: readonly NodeRun[]): PlacementReport {
  const seen = new Map<string, NodeRun>();
  runs.forEach((run, index) => {
    const key = `${run.opType}\n${run.name || index}`;
    if (!seen.has(key)) seen.set(key, run);
  });
  const nodes = named<number>();
  const fallbacks = named<number>();
  const names: string[] = [];
  let shapeArithmetic = 0;
  let copies = 0;
  for (const run of seen.values()) {
    if (/^Memcpy(To|From)Host$/.test(run.opType)) {
      copies++;
      continue;
    }
    nodes[run.provider] = (nodes[run.provider] ?? 0) + 1;
    if (run.provider === runtimeNameOf(provider)) continue;
    if (isShapeArithmetic(run.opType, sizedTypes(run.inputs), sizedTypes(run.outputs))) shapeArithmetic++;
    else {
      fallbacks[run.opType] = (fallbacks[run.opType] ?? 0) + 1;
      names.push(run.name);
    }
  }
  return { provider, nodes, fallbacks, names, shapeArithmetic, copies };
}

/**
 * Loads and runs a model once with the runtime's optimizations on, as users run it, and returns the placement of its
 * nodes.
 */
export async function measurePlacement(
  runtime: RuntimeProcess,
  model: string | Uint8Array,
  provider: Provider,
  feeds: Tensors,
): Promise<PlacementReport> {
  const session = await runtime.load(model, { provider, optimize: true, profile: true });
  try {
    const tensors = session.outputs.filter(({ type }) => type !== undefined).map(({ name }) => name);
    await session.run(feeds, tensors.length ? tensors : undefined);
    return readPlacement(provider, await session.profile());
  } finally {
    await session.release();
  }
}
