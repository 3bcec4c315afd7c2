/** How long a model takes to load and run, by arithmetic and bytes alone: what is decided by it is decided alike each time. */
import { computedIn } from '../coverage/computed.js';
import { sizedModel } from '../coverage/sized.js';
import type { Model } from '../ir/model.js';
import { HOST } from '../ir/targets/targets.js';
import { summarize } from '../ir/whole-model/summary.js';
import type { Tensors } from '../runtime/isolate.js';

/** Milliseconds, as measured on one core of a server CPU: they need no more than the right order of magnitude. */
const MS = { byte: 3e-6, node: 0.02, multiplyAdd: 5e-8 };

/** Milliseconds to copy, write and load the model, and to run it on each of these inputs. */
export function outlayOf(model: Model, sets: readonly Tensors[]): number {
  const { bytes, nodes } = summarize(model);
  const runs = sets.map((feeds) => {
    const shapes = new Map(Object.entries(feeds).map(([name, { shape }]) => [name, shape]));
    const { byType } = computedIn(sizedModel(model, shapes), HOST);
    return MS.multiplyAdd * Object.values(byType).reduce((sum, count) => sum + count, 0) + MS.node * nodes;
  });
  return MS.byte * bytes + MS.node * nodes + runs.reduce((sum, ms) => sum + ms, 0);
}
