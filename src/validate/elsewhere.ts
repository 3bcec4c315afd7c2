/**
 * Reports on a target that this machine does not have. A GPU in software places nodes as a real one does; its numbers
 * are shown but decide nothing. Without any device, the kernel tables tell the placement.
 */

import type { Accelerator } from '../ir/targets/targets.js';
import { RuntimeError } from '../runtime/isolate.js';
import { placesOnly, softwareDevice } from '../runtime/providers.js';
import { compareWith } from './compare.js';
import { gateOf, violations } from './judge/gates.js';
import { measurePlacement, type PlacementReport } from './placement.js';
import { placementByTables } from './placement-by-tables.js';
import type { Reference } from './reference.js';
import type { ReferenceRun } from './reference-runs.js';
import type { ComparedModel } from './sides/compared-model.js';

export interface Elsewhere {
  readonly placement: PlacementReport | undefined;
  readonly warnings: readonly string[];
}

/** The placement and accuracy on a software device; without one, the placement by the tables. */
export async function elsewhere(
  reference: Reference,
  result: ComparedModel,
  target: Accelerator,
  fidelity: Parameters<typeof gateOf>[0],
): Promise<Elsewhere> {
  const [first] = reference.runs;
  if (first && (await placesOnly(target))) return partitioned(result, target, first);
  const device = await softwareDevice(target);
  if (device === undefined || !first) return { placement: placementByTables(result.model, target), warnings: [] };
  const prepared = await result.prepared();
  try {
    const measured = await measurePlacement(result.runtime, prepared.source, target, first.feeds.tensors);
    // A device says where a node ran; the tables say why it is not the target.
    const isComplete = Object.keys(measured.fallbacks).length === 0;
    const placement = isComplete ? measured : { ...measured, causes: placementByTables(result.model, target).causes };
    const found = await compareWith({ ...reference, runs: [first] }, result.runtime, prepared, target, 'plain');
    const gate = gateOf(fidelity, target);
    const texts = [
      ...(found?.failures ?? []).map(({ text }) => text),
      ...(found?.evidence ?? []).flatMap(({ output }) =>
        violations(output, gate).map((text) => `"${output.name}": ${text}`),
      ),
    ];
    const warnings = texts
      .slice(0, 3)
      .map((text) => `on ${target} in software (${device}), which decides nothing: ${text}`);
    return { placement, warnings };
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    const warnings = [`on ${target} in software (${device}), which decides nothing: ${error.message}`];
    return { placement: placementByTables(result.model, target), warnings };
  }
}

/** The placement where the target takes nodes but computes nothing right: its numbers are not looked at. */
async function partitioned(result: ComparedModel, target: Accelerator, { feeds }: ReferenceRun): Promise<Elsewhere> {
  const prepared = await result.prepared();
  try {
    const placement = await measurePlacement(result.runtime, prepared.source, target, feeds.tensors);
    return { placement: { ...placement, source: 'partition' }, warnings: [] };
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    const warnings = [`${target} takes nodes here and computes nothing; it failed on this model: ${error.message}`];
    return { placement: placementByTables(result.model, target), warnings };
  }
}
