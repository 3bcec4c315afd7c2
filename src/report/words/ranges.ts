/** Ranges of dims, and what was measured at the sizes in them. */
import { rangeText, sizesText } from '../../ir/dims/range.js';
import { cosineText, numberText, ratioRangeText, ratioText } from '../../ir/text/quantities.js';
import type { Report } from '../../run/report/report.js';
import { hanging, type Paint, table } from '../style.js';

type Ranges = NonNullable<Report['ranges']>;
type SizeResult = Ranges['sizes'][number];

/** `seq 1..512, height 64..128:8` */
export const rangesText = (dims: Ranges['dims']): string =>
  Object.entries(dims)
    .map(([name, range]) => `${name} ${rangeText(range)}`)
    .join(', ');

/** `1.12× (1.10–1.14)` */
const speedText = ({ speed }: SizeResult): string =>
  speed
    ? `${ratioText(speed.ratio)} ${ratioRangeText(speed.interval)}${speed.significant ? '' : ', not significant'}`
    : '';

/** The table of sizes, the title first; no rows where nothing was measured. */
export function sizeRows({ sizes }: Ranges): { readonly titles: string[]; readonly rows: string[][] } {
  const isTimed = sizes.some(({ speed }) => speed);
  return {
    titles: ['', 'rel L2', 'cosine', ...(isTimed ? ['speed'] : [])],
    rows: sizes.map((one) => [
      sizesText(one.dims),
      numberText(one.relativeL2),
      cosineText(one.cosine),
      ...(isTimed ? [speedText(one)] : []),
    ]),
  };
}

export function rangeLines({ ranges }: Pick<Report, 'ranges'>, p: Paint, width: number): string[] {
  if (!ranges) return [];
  const { titles, rows } = sizeRows(ranges);
  return [
    ...hanging(`${p.bold('sizes')}  ${p.dim(`one model for ${rangesText(ranges.dims)}`)}`, width),
    ...(rows.length ? table([titles.map((title) => p.dim(title)), ...rows], ' >>').map((line) => `  ${line}`) : []),
  ];
}
