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

export const hasFlag = (report: Report, flag: string): boolean =>
  new RegExp(`(^| )${flag}([ =]|$)`).test(baseCommand(report));

const PASSES = /(--passes|-p)([ =])('(?:[^']|'\\'')*'|\S+)/;

/** What the command asked for, as a shell takes it. */
export const passesIn = (report: Report): string => PASSES.exec(baseCommand(report))?.[3] ?? 'exact';

/** The same command with other passes. */
export function withPass(report: Report, passes: string): string {
  const base = baseCommand(report);
  return PASSES.test(base)
    ? base.replace(PASSES, (_, flag, between) => `${flag}${between}${passes}`)
    : `${base} --passes ${passes}`;
}

/** The same command with flags that a trial found, of which `--passes` replaces what was asked. */
export function withCure(report: Report, cure: string): string {
  const passes = PASSES.exec(cure);
  const others = cure.replace(PASSES, '').trim();
  const base = passes ? withPass(report, passes[3] as string) : baseCommand(report);
  return others ? `${base} ${others}` : base;
}

/** The same command with an option of one of its passes; undefined where it does not name the pass, as a preset holds it. */
export function withOption(report: Report, pass: string, option: string): string | undefined {
  const given = PASSES.exec(baseCommand(report))?.[3];
  const named = new RegExp(`(^'?|,)${pass}(?=[:,']|$)`);
  return given && named.test(given) ? withPass(report, given.replace(named, `$1${pass}:${option}`)) : undefined;
}
