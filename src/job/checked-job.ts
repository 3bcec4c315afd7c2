/** A job on a file before a pass runs: its model, its passes and all that can be checked by then. */
import { flattenOutputs } from '../../passes/flatten-outputs.js';
import { ports } from '../../passes/ports.js';
import { staticKv } from '../../passes/static-kv.js';
import type { Model } from '../ir/model.js';
import { providerOf, type TargetChoice, targetRunBy } from '../ir/targets/targets.js';
import type { ProgressListener } from '../ir/text/progress.js';
import { UsageError } from '../ir/text/usage-error.js';
import { summarize } from '../ir/whole-model/summary.js';
import { targetOf } from '../optimize.js';
import { runsToVerify } from '../run/machine.js';
import { type PassesLike, parsePasses } from '../run/parse.js';
import type { Pass } from '../run/pass.js';
import { deadlineOf } from '../run/pipeline/deadline.js';
import { levelFor, type VerifyLevel } from '../run/verify/verifier.js';
import { type Config, flagOf } from '../settings/config.js';
import { withSettings } from '../settings/pass-settings.js';
import { catalogueWith } from '../settings/plugins.js';
import { aotPathOf, checkAot } from './aot.js';
import { checkContractPaths, contractPathsOf } from './contract-files.js';
import { checkDestinations, checkReportPath, keepFiles } from './destination.js';
import type { OptimizeFileOptions } from './options.js';
import { withLimitsOf } from './size-limit.js';
import { bytesOf, type ReadSource, readSource } from './source.js';
import { JobTrace } from './trace.js';

export type CheckedJob = Awaited<ReturnType<typeof checkedJob>>;

/** Reads the model, and checks all that can be checked before a pass runs. */
export async function checkedJob(input: string, passes: PassesLike, options: OptimizeFileOptions, source?: ReadSource) {
  const trace = options.tracePath === undefined ? undefined : new JobTrace();
  const say: ProgressListener = (text, estimate) => {
    trace?.stage(text);
    options.onProgress?.(text, estimate);
  };
  const validates = options.validate !== false;
  refuseGates(options);
  const { reportPath, tracePath } = options;
  checkReportPath(reportPath);
  const out = options.out ?? `${input.replace(/\.onnx$/, '')}.opt.onnx`;
  // A mistake in the list of passes shows before a large model is read.
  const catalogue = await catalogueWith(options.plugins);
  const asked = withSettings(parsePasses(passes, catalogue), options, catalogue);
  const { dirname, join } = await import('node:path');
  const hasContract = options.contract ?? asked.some(changesPorts);
  const data = options.dataName === undefined ? [] : [join(dirname(out), options.dataName)];
  const targets = [
    out,
    ...data,
    ...(hasContract ? contractPathsOf(out) : []),
    ...[reportPath ?? [], tracePath ?? []].flat(),
  ];
  await checkDestinations(targets);
  if (hasContract && !options.force) await checkContractPaths(out);
  if (!options.force) await keepFiles([input], targets);
  say('reading');
  const { original, files, baseline } = source ?? (await readSource(input, options));
  if (!options.force) await keepFiles(files, targets);
  const inputBytes = await bytesOf(files);
  const list = withLimitsOf(asked, inputBytes, options.maxError);
  const level = levelOf(original, options);
  const runs = validates || level !== 'none' || options.tune === true;
  if (runs) await runsToVerify(undefined);
  const name = await targetOf(aimOf(options), runs);
  const target = providerOf(name);
  // Where the browser does not work, that shows before the passes run.
  if (options.provider) await (await import('../runtime/providers.js')).comparingProvider(target, options.provider);
  const aotPath = options.aot ? aotPathOf(out, target) : undefined;
  if (aotPath) {
    await checkAot(options.provider ?? target);
    await checkDestinations([...targets, aotPath]);
    if (!options.force) await keepFiles([input, ...files], [aotPath]);
  }
  const details = options.details ?? reportPath !== undefined;
  const deadline = deadlineOf(options);
  return {
    ...{ input, out, say, trace, validates, catalogue, asked, list, level, name, target, aotPath, deadline },
    ...{ original, files, inputBytes, baseline, hasContract, details },
    /** Whether no other job reads the original. */
    isAlone: source === undefined,
    /** Whether files go with the model that hold its digest. */
    isHashed: hasContract || reportPath !== undefined,
  };
}

/** What is run in the browser is meant for it. */
const aimOf = ({ target, provider }: Pick<Config, 'target' | 'provider'>): TargetChoice | undefined =>
  provider && (target === undefined || target === 'auto') ? targetRunBy(provider) : target;

const porters: readonly Pass['definition'][] = [flattenOutputs.definition, staticKv.definition, ports.definition];

/** True where callers need to be told of other ports. */
const changesPorts = ({ definition }: Pass): boolean => porters.includes(definition);

const levelOf = (model: Model, { verify, validate }: OptimizeFileOptions): VerifyLevel =>
  levelFor(verify ?? (validate === false ? 'none' : undefined), summarize(model).bytes);

/** Throws UsageError where gates are asked for without a comparison: to let them pass unchecked would be worse than to refuse. */
export function refuseGates(options: OptimizeFileOptions): void {
  if (options.validate !== false) return;
  for (const gate of ['maxError', 'minCosine', 'minSpeedup', 'failOnFallback', 'provider', 'aot'] as const)
    if (options[gate] !== undefined && options[gate] !== false)
      throw new UsageError(
        `${gate} (--${flagOf(gate)}): expected validation to be on; found it off. Nothing would be measured`,
      );
}
