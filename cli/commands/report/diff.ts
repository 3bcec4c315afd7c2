/** `optimize report diff`: what became of a model since a baseline, and gates on it. */
import { jsonText } from '../../../src/ir/text/shown-text.js';
import { checkDestinations, writeText } from '../../../src/job/destination.js';
import { diffMarkdown, diffText } from '../../../src/report/diff/diff-text.js';
import { diffGateNames, diffReports } from '../../../src/report/diff/report-diff.js';
import { formatOf } from '../../../src/report/formats.js';
import type { Flags } from '../../parse/flags.js';
import { addSummary } from '../../terminal/step-summary.js';
import { hasColour, lineWidth, stderr, stdout } from '../../terminal/terminal.js';
import { formatIn, reportAt } from './report.js';

/** Of a gate that fails. */
const FAILED = 5;

export async function run(flags: Flags): Promise<number> {
  const out = flags.out as string | undefined;
  const format = formatIn(flags, formatOf, ['text', 'md', 'json'] as const);
  if (out !== undefined) await checkDestinations([out]);
  const [before, after] = [await reportAt(flags.baseline as string), await reportAt(flags.report as string)];
  const diff = diffReports(
    before,
    after,
    diffGateNames.filter((name) => flags[name] === true),
  );
  const options = out === undefined ? { isColoured: hasColour(stdout), width: lineWidth(stdout) } : {};
  const text = format === 'json' ? jsonText(diff) : format === 'md' ? diffMarkdown(diff) : diffText(diff, options);
  if (flags.summary) await addSummary(diffMarkdown(diff));
  if (out === undefined) stdout.write(text);
  else await writeText({ path: out, text });
  const failed = diff.gates.filter(({ passed }) => !passed);
  if (out !== undefined) for (const { name, detail } of failed) stderr.write(`error: ${name}: ${detail}\n`);
  return failed.length > 0 ? FAILED : 0;
}
