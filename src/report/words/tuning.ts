/** What was measured of a pass that is tuned, in words. */
import { appendTo } from '../../ir/collections/lists.js';
import { msText, ratioRangeText, ratioText } from '../../ir/text/quantities.js';
import type { PassReport, Report } from '../../run/report/report.js';
import { sessionText } from '../../run/tune/whole.js';
import { counted } from '../style.js';

type TunedBlock = NonNullable<PassReport['tuning']>[number];

/**
 * A line for each block, and what all of it took: `one of 12 × encoder layer: 1.10× (1.06–1.13), kept`. Of a pass that is not tuned none;
 * of one that did something nowhere else than in the model as a whole, that it was not measured.
 */
export function tuningTexts({ name, status, tuning, tuneMs = 0 }: PassReport): string[] {
  if (tuning?.length === 0 && status === 'applied') return ['not measured: on a single block it does nothing'];
  const blocks = new Map<string, TunedBlock[]>();
  for (const row of tuning ?? []) {
    const key = `${row.block}\n${row.instances}\n${row.nodes}`;
    appendTo(blocks, key, row);
  }
  const names = [...blocks.values()].map(([row]) => row?.block);
  const lines = [...blocks.values()].map((rows) => {
    const { block, instances, nodes } = rows[0] as TunedBlock;
    // Blocks of one name are told apart by their sizes.
    const size = names.indexOf(block) === names.lastIndexOf(block) ? '' : ` (${counted(nodes, 'node')})`;
    const where = `${instances === 1 ? '' : `one of ${instances} × `}${block}${size}`;
    return `${where}: ${rows.map((row) => variantText(row, name)).join('; ')}`;
  });
  return lines.length > 0 ? [`measured in ${msText(tuneMs)}, against leaving it out`, ...lines] : [];
}

function variantText({ variant, kept, speed, reason }: TunedBlock, name: string): string {
  const options = variant.slice(name.length + 1);
  const end = kept ? ', kept' : '';
  if (!speed) return `${options && `${options}: `}${reason}${end}`;
  return `${options && `${options} `}${racedText(speed)}${end}`;
}

type Raced = NonNullable<TunedBlock['speed']>;

/** `1.10× (1.06–1.13), 24 pairs, not significant, from the cache` */
const racedText = ({ ratio, interval, significant, sample, cached }: Raced): string =>
  [
    `${ratioText(ratio)} ${ratioRangeText(interval)}`,
    ...(sample ? [counted(sample.length, 'pair')] : []),
    ...(significant ? [] : ['not significant']),
    ...(cached ? ['from the cache'] : []),
  ].join(', ');

/** What tuning says of the whole: the result against that without it, and options of sessions. */
export function wholeTuningTexts({ tuning }: Pick<Report, 'tuning'>): string[] {
  if (!tuning) return [];
  const { whole, sessions, cacheFault } = tuning;
  const rest = ({
    speed,
    reason,
  }: {
    readonly speed?: Raced | undefined;
    readonly reason?: string | undefined;
  }): string => (speed ? racedText(speed) : (reason ?? ''));
  return [
    ...(cacheFault ? [`what was measured is not kept, as the cache could not be written: ${cacheFault}`] : []),
    ...(whole
      ? [
          `tuned against untuned: ${rest(whole)}${whole.kept ? '' : '; slower as a whole, so nothing of it is in the result'}`,
        ]
      : []),
    ...sessions.map(
      (one) =>
        `sessions with ${sessionText(one.options)}: ${rest(one)}${one.kept ? '; faster: give it to onnxruntime' : ''}`,
    ),
  ];
}
