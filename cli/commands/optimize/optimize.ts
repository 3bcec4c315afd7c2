/** `optimize <model>`: reads flags and config, has the model optimized, prints the report. */

import { shellWord } from '../../../src/ir/text/shell-word.js';
import { UsageError } from '../../../src/ir/text/usage-error.js';
import { optimizeFile } from '../../../src/job/optimize-file.js';
import type { OptimizeFileOptions } from '../../../src/job/options.js';
import { reportMarkdown } from '../../../src/report/markdown.js';
import { reportText } from '../../../src/report/text.js';
import { reportJson } from '../../../src/run/report/report-json.js';
import type { Config } from '../../../src/settings/config.js';
import { configFromFlags, type Flags } from '../../parse/flags.js';
import { settingsFor } from '../../settings/settings.js';
import { ProgressLine } from '../../terminal/progress-line.js';
import { addSummary, checkSummary } from '../../terminal/step-summary.js';
import { show, stderr, stdout } from '../../terminal/terminal.js';
import { exitCodeOf, rollbackCode } from './exit-codes.js';
import { passesOf } from './job.js';
import { goesToStdout, withPipes } from './piped.js';

/** Runs the command and gives its exit code. `words` is the command line as it was typed. */
export async function run(flags: Flags, words: readonly string[]): Promise<number> {
  const command = ['optimize', ...words].map(shellWord).join(' ');
  if (!flags.watch) return runJob(flags, await settingsFor(flags), command);
  if (flags.model === '-' || flags.out === '-')
    throw new UsageError('--watch: expected a file; found stdin or stdout, which do not change');
  const { watching } = await import('./watch.js');
  const { watchedPaths } = await import('./watched.js');
  return watching(
    () => watchedPaths(flags),
    async () => runJob(flags, await settingsFor(flags), command),
  );
}

/** Does a job on a model, a folder or several files: what flags say goes before the settings. */
export async function runJob(all: Flags, base: Config, command: string): Promise<number> {
  const { flags, batch } = batchApart(all);
  const given = configFromFlags(flags);
  const plugins = [...(base.plugins ?? []), ...(given.plugins ?? [])];
  const merged = { ...base, ...given, plugins };
  for (const name of ['tune-cache', 'tune-budget'])
    if (flags[name] !== undefined && !merged.tune)
      throw new UsageError(`--${name}: expected --tune; found it off. Nothing would be measured`);
  const config = await withTuneCache(merged);
  const { folderGiven, refuseFolderSettings, runFolder } = await import('./folder.js');
  const folder = await folderGiven(flags);
  if (batch !== undefined && (folder !== undefined || flags.variants !== undefined))
    throw new UsageError(`--dim batch=${batch}: expected one model file and one result; found more`);
  if (folder !== undefined) return runFolder(folder, flags, config, command);
  refuseFolderSettings(flags, config);
  if (flags.variants !== undefined) return (await import('./variants.js')).runVariants(flags, config, command);
  return runModel(flags, config, { command, batch });
}

/** Optimizes one model, or says what would be done. */
async function runModel(
  flags: Flags,
  config: Config,
  { command, batch }: { readonly command: string; readonly batch: string | undefined },
): Promise<number> {
  const { parts: _, passes: __, ...settings } = config;
  const isHidden = flags.quiet === true || flags.json === true;
  if (flags.summary) checkSummary();
  const passes = await passesOf(config, batch, flags);
  const progress = new ProgressLine(isHidden);
  const report = await withPipes(flags, async ({ input, ...paths }) => {
    const options: OptimizeFileOptions = {
      ...settings,
      ...(batch !== undefined && { require: [...(settings.require ?? []), 'symbolic-batch'] }),
      ...paths,
      tracePath: flags.trace as string | undefined,
      force: flags.force === true,
      onGate: 'report',
      command,
      onProgress: (text, estimate) => progress.say(text, estimate),
    };
    if (!flags['dry-run']) return optimizeFile(input, passes, options);
    return (await import('../../../src/job/dry-run.js')).dryRunFile(input, passes, options);
  }).finally(() => progress.clear());
  const stream = goesToStdout(flags) ? stderr : stdout;
  if (flags.json) stream.write(reportJson(report));
  else
    show(
      flags,
      report,
      (found, options) => reportText(found, { ...options, coverage: flags.coverage === true }),
      stream,
    );
  if (flags.summary) await addSummary(reportMarkdown(report));
  const written = report.output ? `${report.output.files[0]} was written, not verified` : 'Nothing was written';
  return (
    exitCodeOf(report, isHidden, written) ||
    rollbackCode(report, { isAllowed: config.allowRollback, isQuiet: flags.quiet === true })
  );
}

/** Races of tuning are kept in the user's cache folder where no other place is named. */
async function withTuneCache(config: Config): Promise<Config> {
  if (!config.tune || config.tuneCache !== undefined) return config;
  const { usableCachePath } = await import('../../../src/job/tune-cache.js');
  const tuneCache = await usableCachePath();
  if (tuneCache === undefined)
    stderr.write("the user's cache folder cannot be written: what --tune measures is kept with --tune-cache alone\n");
  return { ...config, tuneCache };
}

/** `--dim batch=N` names the batch; other dims are sizes. */
function batchApart(flags: Flags): { flags: Flags; batch: string | undefined } {
  const { batch, ...dims } = (flags.dim ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof batch !== 'string') return { flags, batch: undefined };
  const { dim: _, ...others } = flags;
  return { flags: Object.keys(dims).length > 0 ? { ...others, dim: dims } : others, batch };
}
