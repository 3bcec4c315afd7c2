/**
 * Weights that several models of a folder have, a decoder with past and one without, are stored once: the later model reads them from the data file of the
 * earlier one. Runtimes find a data file beside the model, under the name that the model gives it, and nowhere else.
 */
import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { appendTo } from '../../ir/collections/lists.js';
import { hashOfBeginning, isSameTensor } from '../../ir/tensors/same-tensor.js';
import type { Tensor } from '../../ir/tensors/tensor.js';
import { bytesText } from '../../ir/text/quantities.js';
import { dataPlaceOf } from '../../onnx/proto/tensor-proto.js';
import { readModel } from '../../onnx/read.js';
import { writeModelSet } from '../../onnx/write.js';
import type { PartReport } from '../../run/folder-report.js';
import { linkOrCopy, writeRecord } from '../place/staging.js';
import type { PlannedPart } from '../plan/planned-part.js';
import type { FolderJob } from './folder-job.js';
import { kindOf, readBack, tensorsOf } from './lent-weights.js';
import { recordOf } from './made-part.js';
import { stampOf } from './record.js';
import type { RanParts } from './run-parts.js';

/** Tensors of fewer bytes are not worth a second file, and so are fewer bytes in all. */
const [TENSOR, ALL] = [4096, 65_536];
/** Bytes that tell weights apart. */
const BEGINNING = 1 << 16;

interface Lent {
  readonly tensor: Tensor;
  readonly lender: string;
  /** Undefined for weights in the model's own file. */
  readonly place: { readonly location: string; readonly offset: number } | undefined;
}

/** Has what was made in this run share weights with parts before it. Gives the parts with what they share, and why not where they cannot. */
export async function shareWeights(
  plans: readonly PlannedPart[],
  ran: RanParts,
  job: FolderJob,
): Promise<PartReport[]> {
  if (ran.staged.size === 0 || plans.length < 2) return [...ran.parts];
  const pool = new Map<string, Lent[]>();
  const parts: PartReport[] = [];
  for (const [at, planned] of plans.entries()) {
    const part = ran.parts[at] as PartReport;
    const path = join(ran.staged.has(part.path) ? job.staging : job.out, part.path);
    const model = await readModel(path, { budget: job.options.budget });
    const tensors = [...new Set(tensorsOf(model))].filter(
      ({ byteLength, sparse, strings }) => byteLength >= TENSOR && !sparse && !strings,
    );
    const equal = new Map<Tensor, Lent>();
    for (const tensor of tensors) {
      const found = pool.get(kindOf(tensor))?.find((one) => isEqual(one.tensor, tensor));
      if (found) equal.set(tensor, found);
    }
    const canBorrow = ran.staged.has(part.path) && planned.plan.passes !== undefined && bytesIn(equal) >= ALL;
    const done: Borrowed = canBorrow ? await borrowed(planned, part, { model, equal, path }, ran, job) : { part };
    parts.push(done.part);
    // A part that borrows is written anew: it lends from where its own tensors are now.
    for (const one of tensors) {
      if (equal.has(one)) continue;
      const tensor = done.nowOf?.get(one) ?? one;
      appendTo(pool, kindOf(tensor), { tensor, lender: part.path, place: dataPlaceOf(tensor) });
    }
  }
  await writeRecord(job.staging, ran.record);
  return parts;
}

const beginnings = new WeakMap<Tensor, number>();

/** A hash of the beginning of a tensor, read once, and only where another of its kind is about. */
function beginningOf(tensor: Tensor): number {
  const found = beginnings.get(tensor) ?? hashOfBeginning(tensor, BEGINNING);
  beginnings.set(tensor, found);
  return found;
}

const isEqual = (a: Tensor, b: Tensor): boolean => beginningOf(a) === beginningOf(b) && isSameTensor(a, b);
const bytesIn = (weights: ReadonlyMap<Tensor, unknown>): number =>
  [...weights.keys()].reduce((sum, { byteLength }) => sum + byteLength, 0);

interface Borrower {
  readonly model: Awaited<ReturnType<typeof readModel>>;
  readonly equal: ReadonlyMap<Tensor, Lent>;
  readonly path: string;
}

interface Borrowed {
  readonly part: PartReport;
  /** The tensors of the model that was read ⟶ those of the one that was written anew, if it was. */
  readonly nowOf?: ReadonlyMap<Tensor, Tensor>;
}

async function borrowed(
  { dataName }: PlannedPart,
  part: PartReport,
  { model, equal, path }: Borrower,
  { record, staged }: RanParts,
  { staging, out, options, isForBrowsers }: FolderJob,
): Promise<Borrowed> {
  const isBeside = ({ lender }: Lent): boolean => dirname(lender) === dirname(part.path);
  const lenders = [...new Set([...equal.values()].map(({ lender }) => lender))];
  const kept = (why: string): Borrowed => {
    const reason = `${bytesText(bytesIn(equal))} of its weights are those of ${lenders.join(', ')} too: ${why}`;
    return { part: { ...part, reasons: [...part.reasons, reason] } };
  };
  if (isForBrowsers)
    return kept('transformers.js finds a data file by the name of its model alone, so each keeps its own');
  if (options.externalData === false) return kept('there are no data files to share, as --no-external-data asks');
  if (![...equal.values()].some(isBeside))
    return kept("runtimes read data files of the model's own folder alone, so each keeps its own");
  const lent = new Map(
    [...equal].flatMap(([tensor, one]) => (isBeside(one) && one.place ? [[tensor, one.place]] : [])),
  );
  if (lent.size === 0)
    return kept("they are in that model's own file, so each keeps its own; --external-data puts them beside it");
  const from = [...new Set([...lent.keys()].map((tensor) => (equal.get(tensor) as Lent).lender))];
  // What is in place already is not moved; the models that are compared are staged, and their data is beside them.
  for (const lender of from) {
    const lending = record.parts[lender];
    if (!lending || staged.has(lender)) continue;
    for (const file of Object.keys(lending.files))
      if (file !== lender && (await linkOrCopy(join(out, file), join(staging, file))))
        lending.files[file] = await stampOf(join(staging, file));
  }
  const before = record.parts[part.path];
  const { files } = await writeModelSet(model, path, { lent, dataName, shard: options.shard });
  const nowOf = await readBack(model, path, lent, options.budget);
  const own = files.map((file) => `${part.path.slice(0, -basename(part.path).length)}${basename(file)}`);
  const others = Object.keys(before?.files ?? {}).filter((file) => !own.includes(file));
  // Its old data goes; what --aot has written beside it stays.
  const isOld = (file: string): boolean => basename(file) === dataName || basename(file).startsWith(`${dataName}_`);
  for (const file of others.filter(isOld)) await rm(join(staging, file), { force: true });
  const sharedBytes = bytesIn(lent);
  const result = { ...(before?.result as Partial<PartReport>), bytes: 0, shared: { bytes: sharedBytes, of: from } };
  const beside = others.filter((file) => !isOld(file));
  const made = await recordOf(staging, [...own, ...beside], before?.key ?? '', result);
  result.bytes = own.reduce((sum, file) => sum + (made.files[file]?.bytes ?? 0), 0);
  record.parts[part.path] = { ...made, readsOf: from };
  return { part: { ...part, ...result, files: [...own, ...beside] }, nowOf };
}
