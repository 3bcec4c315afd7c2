/** `optimize <model>`: reads flags and config, has the model optimized, prints the report. */
import { shownText } from '../../../src/ir/text/shown-text.js';
import { UsageError } from '../../../src/ir/text/usage-error.js';
import { optimizeFile } from '../../../src/job/optimize-file.js';
import { reportText } from '../../../src/report/text.js';
import type { Report } from '../../../src/run/report/report.js';
import { reportJson } from '../../../src/run/report/report-json.js';
import type { Config } from '../../../src/settings/config.js';
import { passesWith } from '../../../src/settings/pass-settings.js';
import { configFromFlags, type Flags } from '../../parse/flags.js';
import { settingsFor } from '../../settings/settings.js';
import { ProgressLine } from '../../terminal/progress-line.js';
import { show, stderr, stdout } from '../../terminal/terminal.js';

/** Exit codes of gates that failed. */
const codes: Readonly<Record<Report['gates'][number]['name'], number>> = {
  accuracy: 2,
  speed: 3,
  placement: 4,
  require: 5,
  proof: 6,
  size: 7,
  aot: 8,
};
/** Of a pass that was rolled back. */
const ROLLED_BACK = 5;

/** Runs the command and gives its exit code. `words` is the command line as it was typed. */
export async function run(all: Flags, words: readonly string[]): Promise<number> {
  const { flags, batch } = batchApart(all);
  const isHidden = flags.quiet === true || flags.json === true;
  const [base, given] = [await settingsFor(flags), configFromFlags(flags)];
  const plugins = [...(base.plugins ?? []), ...(given.plugins ?? [])];
  const merged = { ...base, ...given, plugins };
  for (const name of ['tune-cache', 'tune-budget'])
    if (flags[name] !== undefined && !merged.tune)
      throw new UsageError(`--${name}: expected --tune; found it off. Nothing would be measured`);
  const config = await withTuneCache(merged);
  const command = ['optimize', ...words].map(quoted).join(' ');
  const { folderGiven, refuseFolderSettings, runFolder } = await import('./folder.js');
  const folder = await folderGiven(flags);
  if (batch !== undefined && (folder !== undefined || flags.variants !== undefined))
    throw new UsageError(`--dim batch=${batch}: expected one model file and one result; found more`);
  if (folder !== undefined) return runFolder(folder, flags, config, command);
  refuseFolderSettings(flags, config);
  if (flags.variants !== undefined) return (await import('./variants.js')).runVariants(flags, config, command);
  // What stays of the outputs and what is frozen are passes of their own.
  const {
    passes: asked = passesWith(config) ?? (config.dims || config.shapes || batch ? [] : undefined),
    parts: _,
    ...settings
  } = config;
  if (asked === undefined)
    throw new UsageError('expected --passes a,b,…, or a --config that names them; found neither. See: optimize passes');
  if (typeof asked === 'string' && !/[^\s,]/.test(asked))
    throw new UsageError(`--passes: expected a,b,…; found "${asked}". See: optimize passes`);
  const rest = typeof asked === 'string' ? [asked] : asked;
  const passes = batch === undefined ? asked : [['symbolic-batch', { name: batch }] as const, ...rest];
  const progress = new ProgressLine(isHidden);
  let report: Report;
  try {
    report = await optimizeFile(flags.model as string, passes, {
      ...settings,
      ...(batch !== undefined && { require: [...(settings.require ?? []), 'symbolic-batch'] }),
      out: flags.out as string | undefined,
      force: flags.force === true,
      reportPath: flags.report as string | undefined,
      onGate: 'report',
      command,
      onProgress: (text, estimate) => progress.say(text, estimate),
    });
  } finally {
    progress.clear();
  }
  if (flags.json) stdout.write(reportJson(report));
  else show(flags, report, (found, options) => reportText(found, { ...options, coverage: flags.coverage === true }));
  const written = report.output ? `${report.output.files[0]} was written, not verified` : 'Nothing was written';
  return exitCodeOf(report, isHidden, written) || rollbackCode(report, config.allowRollback);
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

/** The code of the first failed gate, or that of a comparison that failed; where the report is not shown, stderr says why, and then `ending`. */
export function exitCodeOf({ gates }: Pick<Report, 'gates'>, isHidden: boolean, ending = ''): number {
  const failed = gates.filter(({ passed }) => !passed);
  const first = failed.find(({ name }) => name === 'proof') ?? failed[0];
  if (!first) return 0;
  if (isHidden) stderr.write(`${shownText(`error: ${first.name} gate: ${first.detail}${ending && `. ${ending}`}`)}\n`);
  return codes[first.name];
}

/** `--dim batch=N` names the batch; other dims are sizes. */
function batchApart(flags: Flags): { flags: Flags; batch: string | undefined } {
  const { batch, ...dims } = (flags.dim ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof batch !== 'string') return { flags, batch: undefined };
  const { dim: _, ...others } = flags;
  return { flags: Object.keys(dims).length > 0 ? { ...others, dim: dims } : others, batch };
}

/** Says on stderr, whatever else is shown, which passes were rolled back. */
function rollbackCode({ outcome, output }: Report, isAllowed = false): number {
  const back = outcome?.takenBack ?? [];
  if (isAllowed || back.length === 0) return 0;
  const passes = back.map(({ pass, reason }) => `${pass} was rolled back, ${reason}`).join('; ');
  const rest = output ? `. ${output.files[0]} was written without it; --allow-rollback takes that for done` : '';
  stderr.write(`${shownText(`error: ${passes}${rest}`)}\n`);
  return ROLLED_BACK;
}

/** A word as a shell needs it. */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
