/** Writes the result of a job, and what goes with it, if every gate holds. */
import type { TextFile, WrittenSet } from '../disk/write-set.js';
import type { Model } from '../ir/model.js';
import { paceOf } from '../ir/text/progress.js';
import { writeModelSet } from '../onnx/write.js';
import { isBelieved } from '../run/outcome.js';
import { abortPoint } from '../run/pipeline/abort-point.js';
import type { Report } from '../run/report/report.js';
import type { AotResult } from './aot.js';
import type { CheckedJob } from './checked-job.js';
import { contractFiles } from './contract-files.js';
import { keepFiles, reportFile, writeText } from './destination.js';
import type { Ends } from './ends.js';
import type { OptimizeFileOptions } from './options.js';

/** What is published of a job. */
export interface Published {
  readonly job: CheckedJob;
  readonly model: Model;
  readonly options: OptimizeFileOptions;
  readonly ends: Ends;
  /** What the runtime's own optimizer made of it. */
  readonly ahead: AotResult | undefined;
  readonly started: number;
}

/** Writes the files as one set and gives the report with their names; where a gate fails, the report alone is written. */
export async function publish(
  complete: Omit<Report, 'ms'>,
  { job, model, options, ends, ahead, started }: Published,
): Promise<Report> {
  const { out, say, files, hasContract, isHashed, aotPath } = job;
  const { reportPath } = options;
  let ended: Report = { ...complete, ms: performance.now() - started };
  /** The files that go with the model; they contain the digest of the written model. */
  const beside = async (written: WrittenSet): Promise<TextFile[]> => {
    const contract = hasContract ? contractFiles(model, out, written) : [];
    const along = written.along.flatMap((one) => one.files);
    const all = [...written.files, ...contract.map(({ path }) => path), ...along];
    const aot = complete.aot && { ...complete.aot, path: aotPath, bytes: written.along[0]?.bytes };
    const output = { files: all, bytes: written.bytes };
    ended = { ...complete, ...(aot && { aot }), output, ms: performance.now() - started };
    return [...contract, ...(reportPath ? [await reportFile(reportPath, ended)] : [])];
  };
  try {
    if (isBelieved(complete)) {
      say('writing');
      const pace = paceOf(1);
      await abortPoint(options.signal);
      const written = await writeModelSet(
        model,
        out,
        {
          externalData: options.externalData,
          dataName: options.dataName,
          shard: options.shard,
          signal: options.signal,
          along: ahead?.file && [ahead.file],
          // How many data files there are is known only now.
          permit: options.force ? undefined : (paths) => keepFiles(files, paths),
          onBytes: (share) => say('writing', pace(share)),
        },
        isHashed ? beside : undefined,
        ends.draftOf(model),
      );
      if (!isHashed) await beside(written);
    } else if (reportPath) await writeText(await reportFile(reportPath, ended));
  } finally {
    ahead?.close();
  }
  return ended;
}
