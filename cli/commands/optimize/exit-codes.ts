/** What the command ends with: the code of a gate that failed or of a pass that was taken back, and a line that says it. */
import { shownText } from '../../../src/ir/text/shown-text.js';
import type { Report } from '../../../src/run/report/report.js';
import { stderr } from '../../terminal/terminal.js';

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

/** The code of the first failed gate, or that of a comparison that failed; where the report is not shown, stderr says why, and then `ending`. */
export function exitCodeOf({ gates }: Pick<Report, 'gates'>, isHidden: boolean, ending = ''): number {
  const failed = gates.filter(({ passed }) => !passed);
  const first = failed.find(({ name }) => name === 'proof') ?? failed[0];
  if (!first) return 0;
  if (isHidden) stderr.write(`${shownText(`error: ${first.name} gate: ${first.detail}${ending && `. ${ending}`}`)}\n`);
  return codes[first.name];
}

/** Says on stderr, whatever else is shown, which passes were rolled back, and gives the exit code of that; where `isQuiet` also what is no error. */
export function rollbackCode(report: Report, { isAllowed = false, isQuiet = false } = {}): number {
  const { outcome, output, passes } = report;
  const back = outcome?.takenBack ?? [];
  const whole = back.map(({ pass, reason }) => `${pass} was rolled back, ${reason}`).join('; ');
  if (isQuiet) {
    const parts = passes.flatMap(({ name, takenBack }) =>
      takenBack ? [`${name} left ${takenBack.places.length} of ${takenBack.of} places as they were`] : [],
    );
    for (const text of [...(isAllowed && whole ? [whole] : []), ...parts]) stderr.write(`${shownText(text)}\n`);
  }
  if (isAllowed || back.length === 0) return 0;
  const rest = output ? `. ${output.files[0]} was written without it; --allow-rollback takes that for done` : '';
  stderr.write(`${shownText(`error: ${whole}${rest}`)}\n`);
  return ROLLED_BACK;
}
