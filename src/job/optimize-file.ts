/**
 * Does the whole job on a file: reads it, runs the passes, compares with the original, and writes the result if every
 * gate holds.
 */

import { abortable } from '../abortable.js';
import { optionsIn } from '../ir/options/options.js';
import { UsageError } from '../ir/text/usage-error.js';
import { optimizeBy } from '../optimize.js';
import { expectGates, isBelieved, requiredIn, requireGate } from '../run/outcome.js';
import type { PassesLike } from '../run/parse.js';
import type { Pass } from '../run/pass.js';
import type { Report } from '../run/report/report.js';
import { withTakenBack, worthless } from '../run/take-back/worthless.js';
import { aotOf } from './aot.js';
import { type CheckedJob, checkedJob } from './checked-job.js';
import { withCures } from './cures.js';
import { writeText } from './destination.js';
import { asValidated, type EndFindings, Ends } from './ends.js';
import { type OptimizeFileOptions, optimizeFileSchema } from './options.js';
import { progressText } from './progress-text.js';
import { withPromise } from './promised-size.js';
import { publish } from './publish.js';
import { jobDetails } from './report-details.js';
import { sizeGate } from './size-limit.js';
import type { ReadSource } from './source.js';

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

async function runJob(
  job: CheckedJob,
  passes: PassesLike,
  options: OptimizeFileOptions,
  ends: Ends,
  started: number,
): Promise<Report> {
  const { input, say, trace, validates, catalogue, asked, list, level, name, target, aotPath, deadline } = job;
  const { original, files, inputBytes, details } = job;
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
  const ended = await publish(complete, { job, model, options, ends, ahead, started });
  if (trace && options.tracePath) await writeText({ path: options.tracePath, text: trace.text(profiles) });
  expectGates(ended, options);
  return ended;
}

/** The passes as one writes them; of options given as values nothing is written. */
const asText = (passes: PassesLike, parsed: readonly Pass[]): string =>
  typeof passes === 'string' ? passes : parsed.map(({ definition }) => definition.name).join(',');

const isSame = ({ passes }: Report): boolean => passes.every(({ status }) => status !== 'applied');
