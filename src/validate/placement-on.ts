/** Tells where the nodes of a result run on a provider that is here. */
import { isHost, targetRunBy } from '../ir/targets/targets.js';
import type { Provider, RuntimeProcess, Tensors } from '../runtime/isolate.js';
import { measurePlacement, type PlacementReport } from './placement.js';
import { placementByTables } from './placement-by-tables.js';
import { withoutFloat16 } from './sides/forms.js';
import type { PreparedModel } from './sides/prepared-model.js';

/** Undefined on the CPU, which has nothing to fall back to. By the kernel tables where nodes run in another type here. */
export async function placementOn(
  provider: Provider,
  runtime: RuntimeProcess,
  { model, source }: PreparedModel,
  feeds: Tensors,
): Promise<PlacementReport | undefined> {
  const target = targetRunBy(provider);
  if (isHost(target)) return undefined;
  if (await withoutFloat16(model, runtime, provider)) return placementByTables(model, target);
  return measurePlacement(runtime, source, provider, feeds);
}
