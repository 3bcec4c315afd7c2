/** `optimize <model> --variants …`: several results of one file. */

import { shownText } from '../../../src/ir/text/shown-text.js';
import { UsageError } from '../../../src/ir/text/usage-error.js';
import { optimizeVariants } from '../../../src/job/variants.js';
import { variantsText } from '../../../src/report/text/variants.js';
import type { Config } from '../../../src/settings/config.js';
import type { Flags } from '../../parse/flags.js';
import { ProgressLine } from '../../terminal/progress-line.js';
import { show, stderr } from '../../terminal/terminal.js';

/** Of a variant that its gates refuse. */
const NOT_MADE = 5;

export async function runVariants(
  flags: Flags,
  { passes, require, ...config }: Config,
  command: string,
): Promise<number> {
  const { report, summary, trace } = flags;
  for (const [name, value] of Object.entries({ passes, require, report, summary, trace }))
    if (value !== undefined)
      throw new UsageError(`--${name}: expected it without --variants, which says it for each; found both`);
  const isHidden = flags.quiet === true || flags.json === true;
  const progress = new ProgressLine(isHidden);
  const found = await optimizeVariants(flags.model as string, flags.variants as readonly string[], {
    ...config,
    out: flags.out as string | undefined,
    force: flags.force === true,
    command,
    onProgress: (text, estimate) => progress.say(text, estimate),
  }).finally(() => progress.clear());
  show(flags, found, variantsText);
  const failed = found.variants.filter(({ files }) => !files);
  if (isHidden)
    for (const { name, reason } of failed) stderr.write(`${shownText(`error: ${name} was not made: ${reason}`)}\n`);
  return failed.length > 0 ? NOT_MADE : 0;
}
