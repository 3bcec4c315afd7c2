/** Keeps what a probe of kernels found in the user's cache folder, a file for each provider and version of onnxruntime-node, and lets it stand in for the shipped tables. Node only. */
import { z } from 'zod';
import { isNode, runtimeVersion } from '../../../installed-runtime.js';
import { isHost, type Target, targets } from '../../../ir/targets/targets.js';
import { UsageError } from '../../../ir/text/usage-error.js';
import { takeKernels } from '../../kernels.js';
import { kernelTable } from '../table.js';

const SCHEMA = 'onnx-passes/kernels';

const keptSchema = z.object({
  schema: z.literal(SCHEMA),
  version: z.literal(1),
  provider: z.enum(targets),
  /** The version of onnxruntime-node. */
  runtime: z.string(),
  /** ISO 8601, UTC. */
  measured: z.iso.datetime(),
  /** What the provider ran on, where it is known. */
  device: z.string().optional(),
  /** False where all is as in the shipped table. */
  differs: z.boolean().default(true),
  table: z.string().refine(isTable),
});

function isTable(text: string): boolean {
  try {
    kernelTable.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A provider's kernels as they were measured on this machine, and the file that holds them. */
export interface ProbedKernels extends Omit<z.infer<typeof keptSchema>, 'schema' | 'version'> {
  readonly path: string;
}

/** Another platform's build of the same version has other kernels. */
async function pathOf(provider: Target, runtime: string): Promise<string> {
  const [{ join }, { cacheFolder }] = await Promise.all([import('node:path'), import('../../../disk/cache-folder.js')]);
  return join(cacheFolder(), 'kernels', `${provider}-${runtime}-${process.platform}-${process.arch}.json`);
}

/** Writes the file, whole or not at all. */
export async function keep(found: Omit<ProbedKernels, 'path'>): Promise<ProbedKernels> {
  const path = await pathOf(found.provider, found.runtime);
  const [{ mkdir }, { dirname }, { writeSet }] = await Promise.all([
    import('node:fs/promises'),
    import('node:path'),
    import('../../../disk/write-set.js'),
  ]);
  await mkdir(dirname(path), { recursive: true }).catch((error: Error) => {
    throw new UsageError(`doctor --probe: expected a cache folder that may be written; found ${error.message}`);
  });
  const content = new TextEncoder().encode(
    `${JSON.stringify({ schema: SCHEMA, version: 1, ...found }, undefined, 1)}\n`,
  );
  await writeSet({ path, content: () => [content] });
  return { ...found, path };
}

/** By target: the text of the table that is in use. */
const inUse = new Map<Target, string>();

/** Reads what was probed with the installed runtime, and lets it stand in for the shipped tables. Throws UsageError for a file of another kind. */
export async function useProbed(): Promise<readonly ProbedKernels[]> {
  const runtime = isNode() ? await runtimeVersion() : undefined;
  const all = runtime === undefined ? [] : await Promise.all(targets.map((target) => keptOf(target, runtime)));
  for (const [index, target] of targets.entries()) {
    const text = all[index]?.table;
    if (text === inUse.get(target)) continue;
    takeKernels(target, text === undefined ? undefined : kernelTable.parse(text));
    if (text === undefined) inUse.delete(target);
    else inUse.set(target, text);
  }
  return all.filter((one) => one !== undefined);
}

async function keptOf(provider: Target, runtime: string): Promise<ProbedKernels | undefined> {
  const path = await pathOf(provider, runtime);
  const { readFile } = await import('node:fs/promises');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UsageError(`${path}: expected a file that may be read; found ${(error as Error).message}`);
  }
  const { success, data } = keptSchema.safeParse(jsonIn(text));
  if (success && data.provider === provider && data.runtime === runtime) return { ...data, path };
  throw new UsageError(
    `${path}: expected what doctor --probe wrote of ${provider} and onnxruntime-node ${runtime}; found something else. Remove it, or run doctor --probe again`,
  );
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What was probed of the providers that decide what is emitted for a target: itself, and the CPU beside it. */
export const probedFor = async (target: Target): Promise<ProbedKernels[]> =>
  (await useProbed()).filter(({ provider }) => provider === target || isHost(provider));

/** For the versions of a report. */
export const probedVersions = (probed: readonly ProbedKernels[]): Record<string, string> =>
  Object.fromEntries(
    probed.map(({ provider, runtime, measured }) => [
      `kernels of ${provider}`,
      `onnxruntime-node ${runtime}, probed ${measured}`,
    ]),
  );

/** For the warnings of a report. */
export const probedWarning = ({ provider, runtime, measured }: ProbedKernels): { readonly text: string } => ({
  text: `kernels of ${provider} are those that doctor --probe measured here on ${measured.slice(0, 10)} (onnxruntime-node ${runtime}): on another machine the same command may give other bytes`,
});
