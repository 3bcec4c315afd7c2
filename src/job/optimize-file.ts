/**
 * Does the whole job on a file: reads it, runs the passes, compares with the original, and writes the result if every
 * gate holds.
 */

import { flattenOutputs } from '../../passes/flatten-outputs.js';
import { ports } from '../../passes/ports.js';
import { staticKv } from '../../passes/static-kv.js';
import { abortable } from '../abortable.js';
import type { TextFile, WrittenSet } from '../disk/write-set.js';
import type { Model } from '../ir/model.js';
import { optionsIn } from '../ir/options/options.js';
import { providerOf, type TargetChoice, targetRunBy } from '../ir/targets/targets.js';
import { type ProgressListener, paceOf } from '../ir/text/progress.js';
import { UsageError } from '../ir/text/usage-error.js';
import { summarize } from '../ir/whole-model/summary.js';
import { writeModelSet } from '../onnx/write.js';
import { optimizeBy, targetOf } from '../optimize.js';
import { runsToVerify } from '../run/machine.js';
import { expectGates, isBelieved, requiredIn, requireGate } from '../run/outcome.js';
import { type PassesLike, parsePasses } from '../run/parse.js';
import type { Pass } from '../run/pass.js';
import { abortPoint } from '../run/pipeline/abort-point.js';
import { deadlineOf } from '../run/pipeline/deadline.js';
import type { Progress } from '../run/pipeline/pipeline-options.js';
import type { Report } from '../run/report/report.js';
import { withTakenBack, worthless } from '../run/take-back/worthless.js';
import { levelFor, type VerifyLevel } from '../run/verify/verifier.js';
import { type Config, flagOf } from '../settings/config.js';
import { withSettings } from '../settings/pass-settings.js';
import { catalogueWith } from '../settings/plugins.js';
import { aotOf, aotPathOf, checkAot } from './aot.js';
import { checkContractPaths, contractFiles, contractPathsOf } from './contract-files.js';
import { withCures } from './cures.js';
import { checkDestinations, checkReportPath, keepFiles, reportFile, writeText } from './destination.js';
import { asValidated, type EndFindings, Ends } from './ends.js';
import { type OptimizeFileOptions, optimizeFileSchema } from './options.js';
import { withPromise } from './promised-size.js';
import { jobDetails } from './report-details.js';
import { sizeGate, withLimitsOf } from './size-limit.js';
import { bytesOf, type ReadSource, readSource } from './source.js';
import { JobTrace } from './trace.js';

/**
 * Optimizes a model file into another. Throws GateError, with the report, where a gate fails: nothing is written then,
 * and the report has no `output`; and where a pass was rolled back: the rest is written. With `onGate: 'report'` it
 * returns the report instead. Throws UsageError, ModelError or PassError; nothing is written then, unless the message
 * says that the model was.
 */
export async function optimizeFile(
  input: string,
  passes: PassesLike,
  options: OptimizeFileOptions = {},
): Promise<Report> {
  if (typeof input !== 'string')
    throw new UsageError(
      'optimizeFile: expected the path of a model, then passes, then options; found another first argument',
    );
  const checked = optionsIn(optimizeFileSchema, options, 'optimizeFile');
  return abortable(checked.signal, () => optimizeFileBy(input, passes, checked));
}

/** Does the same, with options that were checked; `source` is the input where it was read before. */
export async function optimizeFileBy(
  input: string,
  passes: PassesLike,
  options: OptimizeFileOptions,
  source?: ReadSource,
): Promise<Report> {
  const started = performance.now();
  const job = await checkedJob(input, passes, options, source);
  const ends = new Ends({ ...options, ...job, profile: job.details || job.trace !== undefined }, job.say);
  try {
    return await runJob(job, passes, options, ends, started);
  } finally {
    ends.close();
  }
}

/** Reads the model, and checks all that can be checked before a pass runs. */
async function checkedJob(input: string, passes: PassesLike, options: OptimizeFileOptions, source?: ReadSource) {
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

async function runJob(
  job: Awaited<ReturnType<typeof checkedJob>>,
  passes: PassesLike,
  options: OptimizeFileOptions,
  ends: Ends,
  started: number,
): Promise<Report> {
  const { input, out, say, trace, validates, catalogue, asked, list, level, name, target, aotPath, deadline } = job;
  const { original, files, inputBytes, hasContract, isHashed, details } = job;
  const { reportPath } = options;
  const run = (wanted: readonly Pass[], require = options.require) =>
    optimizeBy(
      original,
      wanted,
      {
        ...options,
        require,
        deadline,
        target: name,
        onGate: 'report',
        verify: level,
        details,
        mayEdit: job.isAlone && !validates,
        onProgress: (progress) => {
          trace?.step(progress);
          options.onProgress?.(progressText(progress), progress.estimate);
        },
      },
      validates
        ? async (result, fidelity, isTrial) => (await ends.compare(result, { fidelity, isTrial })).accuracy.verdict
        : undefined,
    );
  const measure = async ({ model, report }: Awaited<ReturnType<typeof run>>): Promise<EndFindings | undefined> =>
    validates ? ends.compare(model, { fidelity: report.fidelity, isUnchanged: isSame(report) }) : undefined;
  let done = await run(list);
  let measured = await measure(done);
  const idle = worthless(done.report.passes, measured?.speed);
  if (idle.size > 0) {
    const { passes: first } = done.report;
    done = await run(
      list.filter(({ definition }) => !idle.has(definition.name)),
      [],
    );
    measured = await measure(done);
    const report = { ...done.report, ...withTakenBack(done.report, first, idle) };
    const required = requiredIn(options.require ?? [], list, catalogue);
    done = { ...done, report: { ...report, gates: [...report.gates, ...requireGate(required, report.passes)] } };
  }
  const { model, report } = done;
  const placement = measured?.placement && (await withCures(measured.placement, model, name, asText(passes, asked)));
  const { profiles, ...findings } = measured ?? {};
  const unsaved = {
    ...report,
    ...findings,
    ...(details &&
      (await jobDetails(
        {
          ...{ input, files, model, passes: asText(passes, asked), report, measured },
          resultFile: ends.draftOf(model)?.file.temporary.path,
        },
        options,
        say,
        started,
      ))),
    ...(placement && { placement }),
    passes: withPromise(report, model, passes, catalogue.presets, inputBytes),
    gates: [
      ...(measured?.gates ?? report.gates),
      ...report.gates.filter(({ name }) => measured && name === 'require'),
      ...sizeGate(list, model, report, inputBytes),
    ],
    input,
    inputBytes,
    verification: { level, verdict: level === 'pass' || level === 'end' ? report.verification.verdict : undefined },
  };
  if (aotPath && isBelieved(unsaved)) say("running onnxruntime's own optimizer ahead of time");
  const ahead =
    aotPath && isBelieved(unsaved)
      ? await aotOf(model, aotPath, target, { ...asValidated(options), deadline, fidelity: report.fidelity })
      : undefined;
  const complete: Omit<Report, 'ms'> = ahead
    ? { ...unsaved, ...ahead.findings, gates: [...unsaved.gates, ...ahead.findings.gates] }
    : unsaved;
  let ended: Report = { ...complete, ms: performance.now() - started };
  /** The files that go with the model; they contain the digest of the written model. */
  const beside = async (written: WrittenSet): Promise<TextFile[]> => {
    const contract = hasContract ? contractFiles(model, out, written) : [];
    const along = written.along.flatMap((one) => one.files);
    const files = [...written.files, ...contract.map(({ path }) => path), ...along];
    const aot = complete.aot && { ...complete.aot, path: aotPath, bytes: written.along[0]?.bytes };
    const output = { files, bytes: written.bytes };
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
  if (trace && options.tracePath) await writeText({ path: options.tracePath, text: trace.text(profiles) });
  expectGates(ended, options);
  return ended;
}

/** What is run in the browser is meant for it. */
const aimOf = ({ target, provider }: Pick<Config, 'target' | 'provider'>): TargetChoice | undefined =>
  provider && (target === undefined || target === 'auto') ? targetRunBy(provider) : target;

/** The passes as one writes them; of options given as values nothing is written. */
const asText = (passes: PassesLike, parsed: readonly Pass[]): string =>
  typeof passes === 'string' ? passes : parsed.map(({ definition }) => definition.name).join(',');

const isSame = ({ passes }: Report): boolean => passes.every(({ status }) => status !== 'applied');

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

const progressText = ({ step, pass, position, count, about }: Progress): string => {
  if (about) return `${position + 1}/${count} measuring ${about}`;
  const doing = {
    infer: 'inferring types',
    run: 'running',
    tune: 'measuring',
    verify: 'verifying',
    narrow: 'finding where it breaks its gate',
  }[step];
  return `${position + 1}/${count} ${pass}: ${doing}`;
};
