/** `-` in the place of a model or of a result: stdin and stdout. */
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { UsageError } from '../../../src/ir/text/usage-error.js';
import { checkDestinations, checkReportPath, reportFile, writeText } from '../../../src/job/destination.js';
import type { Report } from '../../../src/run/report/report.js';
import { temporaryFolder } from '../../../src/runtime/temporary-folder.js';
import type { Flags } from '../../parse/flags.js';
import { stdout } from '../../terminal/terminal.js';

const PIPE = '-';

/** The paths of a job on one model. */
export interface JobPaths {
  readonly input: string;
  readonly out: string | undefined;
  readonly reportPath: string | undefined;
}

/**
 * Does a job whose model comes from stdin or whose result goes to stdout: on temporary files, as a model and its result are read more than
 * once. A model of stdin goes to stdout where no `--out` is. Any other job is done as it is.
 */
export async function withPipes(flags: Flags, work: (paths: JobPaths) => Promise<Report>): Promise<Report> {
  const input = flags.model as string;
  const reportPath = flags.report as string | undefined;
  const isOut = goesToStdout(flags);
  if (input !== PIPE && !isOut) return work({ input, out: flags.out as string | undefined, reportPath });
  if (isOut) refuseFiles(flags);
  checkReportPath(reportPath);
  if (reportPath) await checkDestinations([reportPath]);
  const folder = temporaryFolder();
  const files = { input: join(folder.path, 'stdin.onnx'), out: join(folder.path, 'stdout.onnx') };
  try {
    if (input === PIPE) await receive(files.input);
    const found = await work({
      input: input === PIPE ? files.input : input,
      out: isOut ? files.out : (flags.out as string | undefined),
      reportPath: undefined,
    });
    const output = isOut && found.output ? { ...found.output, files: ['stdout'] } : found.output;
    const report = { ...found, ...(input === PIPE && { input: 'stdin' }), ...(output && { output }) };
    if (reportPath) await writeText(await reportFile(reportPath, report));
    if (isOut && output) await stdout.send(files.out);
    return report;
  } catch (error) {
    if (error instanceof Error)
      error.message = error.message.replaceAll(files.input, 'stdin').replaceAll(files.out, 'stdout');
    throw error;
  } finally {
    folder.remove();
  }
}

export function goesToStdout(flags: Flags): boolean {
  return (flags.out ?? (flags.model === PIPE ? PIPE : undefined)) === PIPE && flags['dry-run'] !== true;
}

/** Throws UsageError where more than one file would be written, or nothing takes it. */
function refuseFiles(flags: Flags): void {
  for (const name of ['external-data', 'data-name', 'shard', 'contract', 'aot'])
    if (flags[name] !== undefined && flags[name] !== false)
      throw new UsageError(`--${name}: expected --out <file>; found stdout, which takes one file`);
  if (stdout.isTTY)
    throw new UsageError('--out -: expected a pipe, or a file behind >; found a terminal, which shows no model');
}

async function receive(path: string): Promise<void> {
  const file = createWriteStream(path);
  await pipeline(createReadStream('', { fd: 0, autoClose: false }), file);
  if (file.bytesWritten === 0)
    throw new UsageError('-: expected a model on stdin; found nothing. E.g. cat model.onnx | optimize - > out.onnx');
}
