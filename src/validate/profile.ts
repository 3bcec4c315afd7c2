/** Profiles of one run of original and result, as users run them. */
import type { Model } from '../ir/model.js';
import { cloneModel } from '../ir/whole-model/clone.js';
import { type NodeRun, type Provider, RuntimeError, type RuntimeProcess, type Tensors } from '../runtime/isolate.js';
import { prepareModel } from './sides/prepared-model.js';
import type { BothSides } from './speed/heat.js';

export interface Profiles {
  readonly provider: Provider;
  readonly before?: readonly NodeRun[];
  readonly after?: readonly NodeRun[];
  /** Why there is none of one or both. */
  readonly notProfiled?: string;
}

/** A model, and where it runs. */
interface ProfiledModel {
  readonly runtime: RuntimeProcess;
  readonly model: Model;
}

/** The second run of each. */
export async function profilesOf(
  { original, result }: BothSides<ProfiledModel>,
  provider: Provider,
  feeds: Tensors,
): Promise<Profiles> {
  try {
    return {
      provider,
      before: await profiled(original, provider, feeds),
      after: await profiled(result, provider, feeds),
    };
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    return { provider, notProfiled: error.message };
  }
}

async function profiled(
  { runtime, model }: ProfiledModel,
  provider: Provider,
  feeds: Tensors,
): Promise<readonly NodeRun[]> {
  const prepared = await prepareModel(withNames(model));
  const session = await runtime.load(prepared.source, { provider, optimize: true, profile: true });
  try {
    const tensors = session.outputs.filter(({ type }) => type !== undefined).map(({ name }) => name);
    const names = tensors.length ? tensors : undefined;
    for (let i = 0; i < 2; i++) await session.run(feeds, names);
    const runs = await session.profile();
    // The first run makes the runtime's buffers.
    return runs.length % 2 === 0 ? runs.slice(runs.length / 2) : runs;
  } finally {
    await session.release();
    prepared.close();
  }
}

/** A copy in which nodes without a name have that of their first output, as in the report: the runtime tells nodes by name. */
function withNames(model: Model): Model {
  const copy = cloneModel(model);
  // As read it would be written as the file has it, without these names.
  copy.touch();
  for (const { nodeSet } of copy.graphs())
    for (const node of nodeSet) node.name ||= node.outputs.find((value) => value !== undefined)?.name ?? '';
  return copy;
}
