/** Measures which kernels the installed runtime has for a provider, and holds them against the shipped table. */
import { runtimeVersion } from '../../../installed-runtime.js';
import type { Target } from '../../../ir/targets/targets.js';
import { UsageError } from '../../../ir/text/usage-error.js';
import type { DataType } from '../../../ir/types.js';
import { shippedState } from '../../kernels.js';
import { type KernelState, kernelTable } from '../table.js';
import { keep, type ProbedKernels } from './kept.js';
import { allTries, type Try } from './tries.js';
import { type KernelVerdict, verdictsOf } from './verdict.js';

/** By operator and version, then by type: every verdict on one of its forms. */
export type Found = ReadonlyMap<string, ReadonlyMap<DataType, ReadonlySet<KernelVerdict>>>;

/** Tries each form in each type on the provider. */
export async function findKernels(
  provider: Target,
  onProgress?: (done: number, of: number) => void,
  tries: readonly Try[] = allTries(),
): Promise<Found> {
  const judged = await verdictsOf(tries, { provider, onProgress: (done) => onProgress?.(done, tries.length) });
  const found = new Map<string, Map<DataType, Set<KernelVerdict>>>();
  for (const { one, verdict } of judged) {
    if (verdict === 'invalid') continue;
    const row = found.get(one.version) ?? new Map<DataType, Set<KernelVerdict>>();
    found.set(one.version, row);
    row.set(one.elem, (row.get(one.elem) ?? new Set()).add(verdict));
  }
  return found;
}

/** An answer that is not the shipped table's. */
export interface KernelDifference {
  /** As the table names it: `ms.Gelu`, `Cast>float16`. */
  readonly operator: string;
  /** The operator set from which on it holds. */
  readonly since: number;
  readonly type: DataType;
  /** null: it was never tried there. */
  readonly shipped: KernelState | null;
  readonly here: KernelState;
}

export interface KernelProbe extends Omit<ProbedKernels, 'table'> {
  /** How many pairs of an operator's version and a type were answered. */
  readonly answers: number;
  readonly differences: readonly KernelDifference[];
}

/** Measures the kernels of a provider and keeps them: from now on they stand in for the shipped ones. */
export async function probeKernels(
  provider: Target,
  device: string | undefined,
  onProgress?: (done: number, of: number) => void,
): Promise<KernelProbe> {
  const runtime = await runtimeVersion();
  if (runtime === undefined)
    throw new UsageError('doctor --probe: expected onnxruntime-node to be installed; found none');
  const found = await findKernels(provider, onProgress);
  const table = kernelTable.print(found);
  const differences = differencesOf(provider, found);
  const { table: _, ...kept } = await keep({
    provider,
    runtime,
    measured: new Date().toISOString(),
    ...(device && { device }),
    differs: differences.length > 0,
    table,
  });
  const answers = [...found.values()].reduce((sum, row) => sum + row.size, 0);
  return { ...kept, answers, differences };
}

export function differencesOf(provider: Target, found: Found): KernelDifference[] {
  return [...found].flatMap(([version, row]) => {
    const [operator = '', since = '1'] = version.split(' ');
    return [...row].flatMap(([type, seen]) => {
      const here = kernelTable.stateOf(seen);
      const shipped = shippedState(provider, operator, Number(since), type) ?? null;
      return here === shipped ? [] : [{ operator, since: Number(since), type, shipped, here }];
    });
  });
}
