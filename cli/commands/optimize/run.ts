/** `optimize run`: the jobs of a config. */
import { modelFiles } from '../../../src/folder/plan/given-models.js';
import { shellWord } from '../../../src/ir/text/shell-word.js';
import { shownText } from '../../../src/ir/text/shown-text.js';
import { UsageError, unknownText } from '../../../src/ir/text/usage-error.js';
import type { Config } from '../../../src/settings/config.js';
import type { ConfigJob } from '../../../src/settings/config-file.js';
import type { Flags } from '../../parse/flags.js';
import { jobsFor } from '../../settings/settings.js';
import { fail } from '../../terminal/fail.js';
import { stderr } from '../../terminal/terminal.js';
import { runJob } from './optimize.js';

/** Runs the jobs that are named, or all, one after another; gives the exit code of the first that fails. An error ends its own job alone. */
export async function run(flags: Flags): Promise<number> {
  const { config, jobs } = await jobsFor(flags);
  const name = flags.job as string | undefined;
  if (name !== undefined && !Object.hasOwn(jobs, name))
    throw new UsageError(unknownText('job', name, Object.keys(jobs)));
  let code = 0;
  for (const [one, job] of Object.entries(jobs)) {
    if (name !== undefined && name !== one) continue;
    if (!flags.quiet) stderr.write(`${shownText(`job ${one}`)}\n`);
    const ended = await runOne(flags, config, job, `optimize run ${shellWord(one)}`).catch((error) =>
      fail(error, `job ${one}: `),
    );
    code ||= ended;
  }
  return code;
}

async function runOne(flags: Flags, base: Config, job: ConfigJob, command: string): Promise<number> {
  const { model, out, variants, report, ...settings } = job;
  const plugins = [...(base.plugins ?? []), ...(settings.plugins ?? [])];
  const config = { ...base, ...settings, plugins };
  const models = [model].flat();
  const jobFlags = { ...flags, out, report };
  if (variants === undefined) return runJob({ ...jobFlags, model: models[0], models }, config, command);
  let code = 0;
  const { passes: _, ...others } = config;
  for (const one of await modelFiles(models)) {
    const ended = await runJob({ ...jobFlags, model: one, models: [one], variants }, others, command);
    code ||= ended;
  }
  return code;
}
