/** Predicts which provider runs which node, by the kernel tables of a target that need not be here. */
import { inferTypes } from '../infer/index.js';
import { named } from '../ir/collections/named.js';
import type { Model } from '../ir/model.js';
import { type PlacedNode, runsThere } from '../ir/targets/placed-node.js';
import { type Accelerator, HOST } from '../ir/targets/targets.js';
import { elementCount } from '../ir/tensors/tensor.js';
import { byteLengthOf } from '../ir/types.js';
import { cloneModel } from '../ir/whole-model/clone.js';
import { isSmall, placedNodes } from '../runtime/placed-nodes.js';
import type { PlacementReport } from './placement.js';

/**
 * The nodes that a target has no kernel for. Shape arithmetic is not among them: the runtime keeps it on the CPU on
 * purpose. Nodes of functions are asked about where they are inlined.
 */
export function placementByTables(model: Model, target: Accelerator): PlacementReport {
  const typed = cloneModel(model);
  inferTypes(typed);
  const placed = [...placedNodes(typed, target)];
  const fallbacks = named<number>();
  const unplaced = named<number>();
  const states = named<number>();
  const causes = new Map<string, number>();
  const names: string[] = [];
  let shapeArithmetic = 0;
  for (const { node, state, cause, isUnplaced } of placed) {
    if (state === 'shape arithmetic') {
      shapeArithmetic++;
      continue;
    }
    states[state] = (states[state] ?? 0) + 1;
    if (cause) causes.set(cause, (causes.get(cause) ?? 0) + 1);
    if (runsThere(state)) continue;
    fallbacks[node.opType] = (fallbacks[node.opType] ?? 0) + 1;
    if (isUnplaced) unplaced[node.opType] = (unplaced[node.opType] ?? 0) + 1;
    names.push(node.name);
  }
  const hosted = names.length - Object.values(unplaced).reduce((sum, count) => sum + count, 0);
  const onTarget = (states.runs ?? 0) + (states['runs in part'] ?? 0);
  return {
    ...{ provider: target, source: 'tables', names, fallbacks, unplaced, shapeArithmetic, states },
    nodes: { [target]: onTarget, [HOST]: hosted + shapeArithmetic },
    causes: [...causes].sort(([, a], [, b]) => b - a).map(([text, count]) => ({ count, text })),
    ...copiesBetween(placed),
  };
}

/**
 * Values that are computed on one provider and read on the other: a copy each, in each direction once. Bytes are those of known sizes. Nodes whose place is
 * not known count for none.
 */
function copiesBetween(placed: readonly PlacedNode[]): { readonly copies: number; readonly copiedBytes: number } {
  const known = placed.filter(({ isUnplaced }) => !isUnplaced);
  const onTarget = new Map(known.map(({ node, state }) => [node, runsThere(state)] as const));
  let [copies, copiedBytes] = [0, 0];
  for (const { node, state } of known) {
    if (state === 'shape arithmetic') continue;
    for (const value of node.outputs) {
      if (!value || isSmall(value)) continue;
      // Shape and Size read dims alone: their input stays where it is.
      const readers = value.users.filter((user) => onTarget.has(user) && !user.is('Shape') && !user.is('Size'));
      const crosses = readers.some((user) => onTarget.get(user) !== onTarget.get(node));
      if (!crosses) continue;
      copies++;
      const sizes = value.shape?.map(Number);
      if (value.elem && sizes?.every(Number.isFinite)) copiedBytes += byteLengthOf(value.elem, elementCount(sizes));
    }
  }
  return { copies, copiedBytes };
}
