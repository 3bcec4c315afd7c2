/** Several results of one file as a table: size, error and time of each, or why it was not made. */
import { bytesText, msText, numberText, percentText, ratioText } from '../../ir/text/quantities.js';
import { shownText, withTexts } from '../../ir/text/shown-text.js';
import type { VariantResult, Variants } from '../../run/variants-schema.js';
import { hanging, paint, table } from '../style.js';
import { type TextOptions, textOptionsIn } from '../text-options.js';

const speedText = ({ speed }: VariantResult): string => {
  if (!speed) return '';
  return speed.significant ? ratioText(speed.ratio) : 'as fast';
};

/** The text of several results of one file: a table of their sizes, errors and times. */
export function variantsText(given: Variants, options: TextOptions = {}): string {
  const { isColoured, width } = textOptionsIn(options, 'variantsText');
  const { variants, input, inputBytes } = withTexts(given, shownText);
  const p = paint(isColoured);
  const made = variants.filter(({ files }) => files);
  const isTimed = made.some(({ ms }) => ms !== undefined);
  const rows = made.map((variant) => [
    p.good('✓'),
    variant.name,
    bytesText(variant.bytes ?? 0),
    percentText(variant.share ?? 0),
    numberText(variant.error),
    ...(isTimed ? [variant.ms === undefined ? '' : msText(variant.ms), speedText(variant)] : []),
    variant.files?.[0] ?? '',
  ]);
  const times = isTimed ? ['time', 'speed'] : [];
  const titles = ['', '', 'size', 'of the file', 'error', ...times, ''].map((title) => p.dim(title));
  const lines = [
    `${p.bold('variants')}  ${p.dim(`of ${input}, ${bytesText(inputBytes)}`)}`,
    ...(rows.length > 0 ? table([titles, ...rows], isTimed ? '  >>>>>' : '  >>>') : []),
    ...variants
      .filter(({ files }) => !files)
      .flatMap(({ name, reason }) => hanging(`${p.bad('✗')} ${name} not made: ${reason}`, width)),
  ];
  return `${lines.join('\n')}\n`;
}
