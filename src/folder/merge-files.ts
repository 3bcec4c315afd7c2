/** Merges the files of two decoders into one, and proves it: both are run token by token before anything is written. */
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { Graph } from '../ir/graph.js';
import type { ProgressListener } from '../ir/text/progress.js';
import { UsageError } from '../ir/text/usage-error.js';
import { checkDestinations, keepFiles } from '../job/destination.js';
import { bytesOf, readSource } from '../job/source.js';
import { mergeDecoders } from '../merge-decoders.js';
import { writeModelSet } from '../onnx/write.js';
import type { PipelineProof } from '../run/folder-report.js';
import { temporaryFolder } from '../runtime/temporary-folder.js';
import { gateOf } from '../validate/judge/gates.js';
import { proveDecoder } from './proof/decoding/prove.js';

/** Options of a merge of two decoders' files. */
export interface MergeOptions {
  /** Path of the result. Default: decoder_model_merged.onnx beside the decoder. */
  readonly out?: string;
  readonly force?: boolean;
  /** Runs both, and writes nothing where they differ. Default true. */
  readonly validate?: boolean;
  readonly onProgress?: ProgressListener;
}

/** What became of two decoders. */
export interface MergedFiles {
  readonly inputs: readonly string[];
  readonly inputBytes: number;
  /** Absent where both differ: then nothing was written. */
  readonly output?: { readonly files: readonly string[]; readonly bytes: number };
  readonly proof?: PipelineProof;
}

/** Throws UsageError where the second decoder has no inputs that the first lacks, and so no cache. */
function checkCache(first: string, { inputs }: Graph, second: string, withPast: Graph): void {
  const names = new Set(inputs.map(({ name }) => name));
  if (withPast.inputs.some(({ name, isConstant }) => !isConstant && !names.has(name))) return;
  throw new UsageError(
    `${second}: expected a decoder that reads a cache; found no inputs but those of ${first}. The decoder of the first step comes first`,
  );
}

/** Throws ModelError where the two do not go together, UsageError where the result has no place. */
export async function mergeDecoderFiles(
  decoder: string,
  withPast: string,
  {
    out = join(dirname(decoder), 'decoder_model_merged.onnx'),
    force,
    validate = true,
    onProgress = () => {},
  }: MergeOptions,
): Promise<MergedFiles> {
  if (resolve(decoder) === resolve(withPast))
    throw new UsageError(`expected the files of two decoders; found ${decoder} twice`);
  await checkDestinations([out]);
  const sources = [await readSource(decoder, {}), await readSource(withPast, {})] as const;
  const read = sources.flatMap(({ files }) => files);
  if (!force) await keepFiles(read, [out]);
  onProgress('merging');
  checkCache(decoder, sources[0].original.graph, withPast, sources[1].original.graph);
  const merged = mergeDecoders(sources[0].original, sources[1].original);
  const found = { inputs: [decoder, withPast], inputBytes: await bytesOf(read) };
  // Two files alone have their weights inside: then so does the result.
  const isExternal = read.length > 2;
  const write = (path: string) =>
    writeModelSet(merged, path, {
      ...(isExternal && { dataName: `${basename(out)}_data` }),
      permit: force ? undefined : (paths) => keepFiles(read, paths),
    });
  const proof = validate ? await proven(decoder, withPast, write, onProgress) : undefined;
  if (proof?.gates.some(({ passed }) => !passed)) return { ...found, proof };
  onProgress('writing');
  const { files, bytes } = await write(out);
  return { ...found, output: { files, bytes }, ...(proof && { proof }) };
}

/** What messages call the result while it is no file yet. */
const MERGED = 'the merged decoder';

async function proven(
  decoder: string,
  withPast: string,
  write: (path: string) => Promise<unknown>,
  say: ProgressListener,
): Promise<PipelineProof> {
  const folder = temporaryFolder();
  try {
    const merged = join(folder.path, 'merged.onnx');
    await write(merged);
    const place = {
      folder: dirname(decoder),
      modelOf: (part: string) => (part === MERGED ? merged : join(dirname(decoder), part)),
    };
    const settings = { provider: 'cpu', gate: gateOf('exact', 'cpu'), fidelity: 'exact' } as const;
    const [apart, one] = [
      { first: basename(decoder), next: relative(dirname(decoder), withPast) },
      { first: MERGED, next: MERGED },
    ];
    return await proveDecoder(apart, { original: place, result: place }, settings, say, one);
  } finally {
    folder.remove();
  }
}
