/** `optimize <folder> --out <folder>`, or several files: every model of them. */
import { stat } from 'node:fs/promises';

import { optimizeFolder } from '../../../src/folder/optimize-folder.js';
import { isPattern } from '../../../src/folder/plan/given-models.js';
import { partSettingsIn } from '../../../src/folder/plan/part-plan.js';
import { shownText } from '../../../src/ir/text/shown-text.js';
import { UsageError } from '../../../src/ir/text/usage-error.js';
import { folderText } from '../../../src/report/text/folder.js';
import type { Config } from '../../../src/settings/config.js';
import { folderFlags } from '../../parse/flag-sets.js';
import type { Flags } from '../../parse/flags.js';
import { ProgressLine } from '../../terminal/progress-line.js';
import { show, stderr } from '../../terminal/terminal.js';

/** Of a part that could not be read, was refused by its gates, lost a pass, or does not run. */
const [ERROR, REFUSED, ROLLED_BACK, UNPROVEN] = [1, 2, 5, 6];

/** What is given, where that is no single model file: a folder, or files and patterns. One file counts as several where `--out` ends in `/`. */
export async function folderGiven({ models, out, variants }: Flags): Promise<string | readonly string[] | undefined> {
  const words = models as readonly string[];
  const [word] = words as [string];
  if (words.length === 1 && (await stat(word).catch(() => undefined))?.isDirectory()) return word;
  const isMany = words.length > 1 || (await isPattern(word));
  const isForFolder = variants === undefined && typeof out === 'string' && /[/\\]$/.test(out);
  return isMany || isForFolder ? words : undefined;
}

export async function runFolder(
  input: string | readonly string[],
  flags: Flags,
  { require, contract, dataName, ...config }: Config,
  command: string,
): Promise<number> {
  for (const [name, value] of Object.entries({
    require,
    contract,
    'data-name': dataName,
    variants: flags.variants,
    summary: flags.summary,
    trace: flags.trace,
  }))
    if (value !== undefined)
      throw new UsageError(
        `--${name}: expected one model file; found ${typeof input === 'string' ? 'a folder' : 'several'}`,
      );
  if (typeof flags.out !== 'string')
    throw new UsageError(
      `expected --out <folder> for ${typeof input === 'string' ? 'a folder' : 'several files'}; found none`,
    );
  const { passes = 'exact', ...settings } = config;
  const isHidden = flags.quiet === true || flags.json === true;
  const progress = new ProgressLine(isHidden);
  const report = await optimizeFolder(input, passes, {
    ...settings,
    out: flags.out,
    force: flags.force === true,
    parts: { ...settings.parts, ...partSettingsIn((flags.part as readonly string[] | undefined) ?? []) },
    dryRun: flags['dry-run'] === true,
    jobs: flags.jobs as number | undefined,
    command,
    reportPath: flags.report as string | undefined,
    onProgress: (text, outlook) => progress.say(text, outlook),
  }).finally(() => progress.clear());
  show(flags, report, folderText);
  const failed = report.parts.filter(({ state }) => state === 'failed');
  const back = config.allowRollback ? [] : report.parts.filter(({ takenBack = [] }) => takenBack.length > 0);
  const unproven = report.parts.filter((part) => part.unproven !== undefined);
  const refused = report.proof?.gates.filter(({ passed }) => !passed) ?? [];
  const problems = [
    ...failed.map(({ name, reason }) => `${name} failed: ${reason}`),
    ...unproven.map((part) => `${part.name} was written, not proven: ${part.unproven}`),
    ...back.flatMap(({ name, takenBack = [] }) =>
      takenBack.map(({ pass, reason }) => `${name}: ${pass} was taken back, ${reason}; --allow-rollback allows that`),
    ),
    ...refused.map(({ name, detail }) => `pipeline: ${name}: ${detail}`),
  ];
  if (isHidden) for (const text of problems) stderr.write(`${shownText(`error: ${text}`)}\n`);
  // A part without a report was not judged by any gate: it could not be read, or a pass broke down.
  if (failed.some((part) => !part.report)) return ERROR;
  if (failed.length > 0 || refused.length > 0) return REFUSED;
  if (unproven.length > 0) return UNPROVEN;
  return back.length > 0 ? ROLLED_BACK : 0;
}

/** Throws UsageError for what is asked of folders where the model is a file. */
export function refuseFolderSettings(flags: Flags, { parts }: Config): void {
  if (parts) throw new UsageError('parts: expected a folder; found a model file. --no-config leaves the config out');
  for (const name of Object.keys(folderFlags))
    if (flags[name] !== undefined && name !== 'dry-run')
      throw new UsageError(`--${name}: expected a folder; found a model file`);
}
