/** The comparison of a folder as a whole, before its result comes into its place. */
import { join } from 'node:path';
import { providerOf } from '../../ir/targets/targets.js';
import type { ProgressListener } from '../../ir/text/progress.js';
import { targetOf } from '../../optimize.js';
import type { PipelineProof } from '../../run/folder-report.js';
import { loosest } from '../../run/verify/verifier.js';
import { gateOf } from '../../validate/judge/gates.js';
import type { FolderJob } from '../parts/folder-job.js';
import { digestOf, sourceRecordOf } from '../parts/record.js';
import type { RanParts } from '../parts/run-parts.js';
import type { FolderLayout } from '../plan/layout.js';
import type { PlannedPart } from '../plan/planned-part.js';
import { decoderLoopsOf, proveDecoder } from './decoding/prove.js';
import type { Picture } from './diffusion/picture.js';
import { diffusionPartsOf, provePipeline } from './diffusion/prove.js';

interface ProvenOn extends Pick<RanParts, 'record' | 'staged'> {
  /** Files that are no models. */
  readonly others: readonly string[];
}

export interface ProvenFolder {
  readonly proof?: PipelineProof;
  /** Of the original and of the result; absent where an earlier run compared them. */
  readonly pictures?: readonly [Picture, Picture];
}

/** Runs pipelines and decoders where there are some, and where models may be run; the comparison of an earlier run holds while all parts are the same. */
export async function provenFolder(
  plans: readonly PlannedPart[],
  layout: FolderLayout,
  { record, staged, others }: ProvenOn,
  { input, out, staging, earlier, begun, options }: FolderJob,
): Promise<ProvenFolder> {
  const parts = diffusionPartsOf(layout);
  const loops = parts ? [] : decoderLoopsOf(plans);
  if ((!parts && loops.length === 0) || options.validate === false) return {};
  const configs = others.filter((path) => path.endsWith('.json'));
  const key = digestOf([
    Object.entries(record.parts).map(([path, part]) => [path, part.key]),
    await Promise.all(configs.map(async (path) => [path, (await sourceRecordOf(join(input, path))).sha256])),
  ]);
  // Pictures are not kept: a report that wants them has the pipelines run again.
  const wantsPictures = parts !== undefined && options.reportPath !== undefined;
  const known = wantsPictures ? undefined : [begun, earlier].find((one) => one?.proof?.key === key)?.proof;
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
  const settings = { provider, gate: gateOf(fidelity, provider, options), fidelity, seed: options.seed ?? 0 };
  const say: ProgressListener = (text, left) => options.onProgress?.(`pipeline: ${text}`, left);
  const sides = {
    original: { folder: input, modelOf: (path: string) => join(input, path) },
    result: { folder: input, modelOf: (path: string) => join(staged.has(path) ? staging : out, path) },
  };
  const found: ProvenFolder = parts
    ? await provePipeline(parts, sides, settings, say)
    : { proof: joined(await inTurn(loops, (loop) => proveDecoder(loop, sides, settings, say))) };
  // One that failed may be mended by nothing but time, so it is not kept.
  if (found.proof?.gates.every(({ passed }) => passed)) record.proof = { key, found: found.proof };
  return found;
}

async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const found: R[] = [];
  for (const item of items) found.push(await work(item));
  return found;
}

/** Of several decoders one proof; a part that several use counts where it is furthest off. */
function joined(proofs: readonly PipelineProof[]): PipelineProof {
  const parts = new Map<string, PipelineProof['parts'][number]>();
  for (const one of proofs.flatMap((proof) => proof.parts))
    if (!((parts.get(one.part)?.error ?? -1) >= one.error)) parts.set(one.part, one);
  const gates = new Map<string, PipelineProof['gates'][number]>();
  for (const gate of proofs.flatMap((proof) => proof.gates)) {
    const known = gates.get(gate.name);
    if (!known || known.passed) gates.set(gate.name, gate);
  }
  const [first] = proofs as [PipelineProof];
  return {
    ...{ seed: first.seed, provider: first.provider, parts: [...parts.values()] },
    decoding: proofs.flatMap(({ decoding = [] }) => decoding),
    gates: [...gates.values()],
  };
}
