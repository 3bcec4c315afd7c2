/** The command of a report, changed. */
import { isHost } from '../../../ir/targets/targets.js';
import { shellWord } from '../../../ir/text/shell-word.js';
import type { Report } from '../../../run/report/report.js';
import { nodeOf, outcomeOf } from '../facts.js';

/** What draws the tree of a site, for the target that it was looked at for. */
export function explainCommand({ input = 'model.onnx', target, architecture }: Report, place: string): string {
  const on = architecture ? `${target}:${architecture}` : target;
  return `optimize explain ${shellWord(input)} --at ${shellWord(nodeOf(place))}${isHost(target) ? '' : ` --target ${on}`}`;
}

/** The command that made the report, or one like it. */
export const baseCommand = (report: Report): string =>
  report.command ??
  report.recipe?.command ??
  `optimize ${shellWord(report.input ?? 'model.onnx')} --passes ${shellWord(outcomeOf(report).asked.join(',') || 'exact')}`;

export const withFlags = (report: Report, flags: readonly string[], without: readonly string[] = []): string =>
  [
    ...baseCommand(report)
      .split(' ')
      .filter((one) => !without.includes(one)),
    ...flags,
  ].join(' ');

/** The same command with other passes. */
export function withPass(report: Report, passes: string): string {
  const base = baseCommand(report);
  const option = /(--passes|-p)([ =])('(?:[^']|'\\'')*'|\S+)/;
  return option.test(base)
    ? base.replace(option, (_, flag, between) => `${flag}${between}${passes}`)
    : `${base} --passes ${passes}`;
}
