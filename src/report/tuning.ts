/** What was measured of a pass that is tuned, in words. */
import type { PassReport } from '../run/report.js';
import { msText } from './style.js';

type Row = NonNullable<PassReport['tuning']>[number];

/** A line for each block, and what all of it took: `12 × encoder layer: 1.10× (1.06–1.13), kept`. */
export function tuningTexts({ name, tuning = [], tuneMs = 0 }: PassReport): string[] {
  const blocks = new Map<string, Row[]>();
  for (const row of tuning) {
    const key = `${row.block}\n${row.instances}\n${row.nodes}`;
    blocks.set(key, [...(blocks.get(key) ?? []), row]);
  }
  const lines = [...blocks.values()].map((rows) => {
    const { block, instances } = rows[0] as Row;
    const where = instances === 1 ? block : `one of ${instances} × ${block}`;
    return `${where}: ${rows.map((row) => variantText(row, name)).join('; ')}`;
  });
  return lines.length > 0 ? [`measured in ${msText(tuneMs)}, against leaving it out`, ...lines] : [];
}

function variantText({ variant, kept, speed, reason }: Row, name: string): string {
  const options = variant.slice(name.length + 1);
  const end = kept ? ', kept' : '';
  if (!speed) return `${options && `${options}: `}${reason}${end}`;
  const { ratio, interval, significant } = speed;
  const noise = significant ? '' : ', not significant';
  return `${options && `${options} `}${ratio.toFixed(2)}× (${interval.low.toFixed(2)}–${interval.high.toFixed(2)})${noise}${end}`;
}
