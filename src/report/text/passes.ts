/** What each pass did, what it cost and what it left, in lines for a terminal. */
import { append, maxOf } from '../../ir/collections/lists.js';
import { bytesText, msText, numberText } from '../../ir/text/quantities.js';
import type { PassReport } from '../../run/report/report.js';
import { counted, hanging, type Paint, signed, table } from '../style.js';
import { tuningTexts } from '../words/tuning.js';

export function passLines(passes: readonly PassReport[], p: Paint, width: number): string[] {
  const names = maxOf(
    passes.map(({ name }) => name.length),
    0,
  );
  // A mark, the name, what changed, the time: two spaces between them.
  const costs = passes.map(costText);
  const room = width - names - 1 - 7 - 6 - (costs.some(Boolean) ? 15 : 0);
  const heads = table(
    passes.map((pass, i) => [
      markOf(pass, p),
      p.bold(pass.name),
      changeText(pass, room),
      ...(costs.some(Boolean) ? [costs[i] as string] : []),
      p.dim(msText(pass.ms)),
    ]),
    costs.some(Boolean) ? '    >' : '   >',
  );
  return passes.flatMap((pass, i) => [heads[i] as string, ...detailLines(pass, p, width)]);
}

/** What a pass that changes numbers on purpose, or changed them more than float32 sums do, cost. */
const costText = ({ error, fidelity, status }: PassReport): string =>
  status === 'applied' && typeof error === 'number' && (fidelity !== 'exact' || error > FLOAT32_NOISE)
    ? `error ${numberText(error)}`
    : '';

const FLOAT32_NOISE = 1e-4;

const markOf = (pass: PassReport, p: Paint): string => {
  if (pass.status === 'applied') return p.good('✓');
  return pass.status === 'unchanged' && !isRefuted(pass) ? p.dim('·') : p.bad('✗');
};

/** True where something was found, and none of it was made because it gave other numbers. */
const isRefuted = ({ status, rewrites }: PassReport): boolean =>
  status === 'unchanged' && rewrites !== undefined && rewrites.refuted.length > 0;

/** True where the pass says of the whole model why it does nothing to it. */
const isLeft = ({ skips }: PassReport): boolean => skips.some(isOfWhole);

const isOfWhole = ({ places }: PassReport['skips'][number]): boolean => places.length === 0;

/** What a pass did, in one line of at most `room`: the ops that came and went, and the bytes. */
function changeText(pass: PassReport, room: number): string {
  const { status, ops, nodes, bytes } = pass;
  if (status === 'unchanged') return isRefuted(pass) ? 'refuted' : isLeft(pass) ? 'left as it is' : 'nothing to do';
  if (status === 'rolled back') return 'rolled back';
  const [before, after] = [bytesText(bytes.before), bytesText(bytes.after)];
  const size = before === after ? '' : `${before} → ${after}`;
  const all = Object.entries(ops).map(([op, n]) => `${signed(n)} ${op.replace(/^com\.microsoft\./, '')}`);
  const whole = [...all, size].filter(Boolean).join('  ');
  if (whole.length <= room) return whole || 'rewired';
  const end = [`… ${nodes.before} → ${nodes.after} nodes`, size].filter(Boolean).join('  ');
  const shown = all.filter((_, i) => all.slice(0, i + 1).join('  ').length + 2 + end.length <= room);
  return [...shown, end].join('  ');
}

function detailLines(pass: PassReport, p: Paint, width: number): string[] {
  const { notes, skips, sites = [], verdict, rewrites, status } = pass;
  const lines: string[] = [];
  if (verdict && status === 'rolled back') lines.push(p.bad(verdict.detail));
  if (verdict?.outcome === 'unknown') lines.push(p.warn(`not verified: ${verdict.detail}`));
  for (const [text, count] of tally(notes.map((note) => note.text)))
    lines.push(count > 1 ? `${text} (×${count})` : text);
  if (rewrites) lines.push(rewrites.refuted.length ? p.bad(rewritesText(rewrites)) : rewritesText(rewrites));
  append(lines, tuningTexts(pass));
  for (const skip of skips) {
    const { reason, count, places } = skip;
    const help = sites.find((site) => site.reason === reason)?.help;
    const place = places[0] ? `, e.g. ${places[0]}` : '';
    const text = `${reason}${place}${help ? `. ${help}` : ''}`;
    lines.push(p.dim(isOfWhole(skip) ? text : `left ×${count}: ${text}`));
  }
  return lines.flatMap((line) => hanging(line, width, '   '));
}

/** `12 rewrites (2 different), compared with what they replace`, and what was refuted or could not be run. */
export function rewritesText({ count, distinct, refuted, notCompared }: NonNullable<PassReport['rewrites']>): string {
  const open = notCompared.reduce((sum, one) => sum + one.count, 0);
  const [first] = refuted;
  return [
    `${counted(count, 'rewrite')} (${distinct} different), compared with what ${count === 1 ? 'it replaces' : 'they replace'}`,
    ...(first ? [`${refuted.length} refuted and not made: ${first.rule}, ${first.detail}`] : []),
    ...(open ? [`${open} not compared: ${notCompared[0]?.reason}`] : []),
  ].join('; ');
}

function tally(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}
