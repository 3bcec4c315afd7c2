/** Says what a job on a file would do: the passes run on the graph, and no model runs. */
import { UsageError } from '../ir/text/usage-error.js';
import { fileBytes } from '../onnx/write.js';
import { optimizeBy, targetOf } from '../optimize.js';
import { type PassesLike, parsePasses } from '../run/parse.js';
import type { Progress } from '../run/pipeline/pipeline-options.js';
import type { Report } from '../run/report/report.js';
import { withSettings } from '../settings/pass-settings.js';
import { catalogueWith } from '../settings/plugins.js';
import type { OptimizeFileOptions } from './options.js';
import { sizeGate, withLimitsOf } from './size-limit.js';
import { bytesOf, readSource } from './source.js';

/**
 * The report of a job that is not done: what each pass would find, and the bytes of the file. Nothing is compared, timed or written. Throws
 * UsageError, ModelError or PassError.
 */
export async function dryRunFile(input: string, passes: PassesLike, options: OptimizeFileOptions): Promise<Report> {
  const started = performance.now();
  if (options.tune) throw new UsageError('--dry-run: expected no --tune, which runs the model; found it');
  if (options.reportPath !== undefined)
    throw new UsageError('--dry-run: expected no --report, as nothing is written; found it. --json prints the report');
  if (options.tracePath !== undefined)
    throw new UsageError('--dry-run: expected no --trace, as nothing is written; found it');
  const catalogue = await catalogueWith(options.plugins);
  const asked = withSettings(parsePasses(passes, catalogue), options, catalogue);
  options.onProgress?.('reading');
  const { original, files } = await readSource(input, options);
  const inputBytes = await bytesOf(files);
  const list = withLimitsOf(asked, inputBytes, options.maxError);
  const target = await targetOf(options.target, options.validate !== false);
  const onProgress = ({ position, count, pass }: Progress): void =>
    options.onProgress?.(`${position + 1}/${count} ${pass}: looking`);
  const { model, report } = await optimizeBy(original, list, {
    ...{ ...options, target, verify: 'none', onGate: 'report', onProgress },
  });
  return {
    ...report,
    input,
    inputBytes,
    planned: { bytes: fileBytes(model) },
    gates: [...report.gates, ...sizeGate(list, model, report, inputBytes)],
    ms: performance.now() - started,
  };
}
