/** The comparison of a folder as a whole, before its result comes into its place. */
import { join } from 'node:path';
import { providerOf } from '../../ir/targets/targets.js';
import { targetOf } from '../../optimize.js';
import type { PipelineProof } from '../../run/folder-report.js';
import { loosest } from '../../run/verify/verifier.js';
import { gateOf } from '../../validate/judge/gates.js';
import type { FolderJob } from '../parts/folder-job.js';
import { digestOf, sourceRecordOf } from '../parts/record.js';
import type { RanParts } from '../parts/run-parts.js';
import type { FolderLayout } from '../plan/layout.js';
import type { PlannedPart } from '../plan/planned-part.js';
import type { Picture } from './picture.js';
import { diffusionPartsOf, provePipeline } from './prove.js';

interface ProvenOn extends Pick<RanParts, 'record' | 'staged'> {
  /** Files that are no models. */
  readonly others: readonly string[];
}

export interface ProvenFolder {
  readonly proof?: PipelineProof;
  /** Of the original and of the result; absent where an earlier run compared them. */
  readonly pictures?: readonly [Picture, Picture];
}

/** Runs both pipelines where there is one, and where models may be run; the comparison of an earlier run holds while all parts are the same. */
export async function provenFolder(
  plans: readonly PlannedPart[],
  layout: FolderLayout,
  { record, staged, others }: ProvenOn,
  { input, out, staging, earlier, begun, options }: FolderJob,
): Promise<ProvenFolder> {
  const parts = diffusionPartsOf(layout);
  if (!parts || options.validate === false) return {};
  const configs = others.filter((path) => path.endsWith('.json'));
  const key = digestOf([
    Object.entries(record.parts).map(([path, part]) => [path, part.key]),
    await Promise.all(configs.map(async (path) => [path, (await sourceRecordOf(join(input, path))).sha256])),
  ]);
  // Pictures are not kept: a report that wants them has the pipelines run again.
  const known = options.reportPath ? undefined : [begun, earlier].find((one) => one?.proof?.key === key)?.proof;
  if (known) {
    record.proof = known;
    return { proof: known.found as PipelineProof };
  }
  const fidelity = loosest(
    plans.flatMap(({ plan }) => (plan.passes ?? []).map(({ definition }) => definition.fidelity)),
  );
  const target = providerOf(await targetOf(options.target, true));
  const { comparingProvider } = await import('../../runtime/providers.js');
  const provider = await comparingProvider(target, options.provider);
  const found = await provePipeline(
    parts,
    {
      original: { folder: input, modelOf: (path) => join(input, path) },
      result: { folder: input, modelOf: (path) => join(staged.has(path) ? staging : out, path) },
    },
    { provider, gate: gateOf(fidelity, provider, options), seed: options.seed ?? 0 },
    (text) => options.onProgress?.(`pipeline: ${text}`),
  );
  // One that failed may be mended by nothing but time, so it is not kept.
  if (found.proof.gates.every(({ passed }) => passed)) record.proof = { key, found: found.proof };
  return found;
}
