/** A plan of precision on a terminal, and as a plot. */
import { bytesText, msText, numberText, percentText, ratioText } from '../../ir/text/quantities.js';
import { shownText, withTexts } from '../../ir/text/shown-text.js';
import type { Plan, PlanPoint } from '../../run/plan-schema.js';
import { counted, hanging, paint, table } from '../style.js';
import { type TextOptions, textOptionsIn } from '../text-options.js';
import { plotOf } from './plot.js';

/** Weights whose price is shown. */
const SHOWN = 5;

/** `0.98×`, and `=` where the difference is inside the noise. */
const speedText = ({ speed }: PlanPoint): string => {
  if (!speed) return '';
  return speed.significant ? ratioText(speed.ratio) : '=';
};

/** `3.1 ms`, `-0.2 ms` where it takes more. */
const savedText = (ms: number): string => (ms < 0 ? `-${msText(-ms)}` : ms === 0 ? '0' : msText(ms));

const formsText = ({ forms }: PlanPoint): string => forms.map(({ form, count }) => `${count} ${form}`).join(', ');

/** The frontier, each point with its command, and the weights that cost the most. */
export function planText(given: Plan, options: TextOptions = {}): string {
  const { isColoured, width } = textOptionsIn(options, 'planText');
  const plan = withTexts(given, shownText);
  const p = paint(isColoured);
  const isTimed = plan.points.some(({ ms }) => ms !== undefined);
  const times = isTimed ? ['ms', 'speed'] : [];
  const { raced, of: pairs } = plan.times;
  const hasTimes = pairs > 0;
  const saved = hasTimes ? ['saves'] : [];
  const titles = ['size', 'of the file', 'error', 'predicted', ...times, ...saved, 'weights'].map((title) =>
    p.dim(title),
  );
  const rows = plan.points.map((point) => [
    bytesText(point.bytes),
    percentText(point.share),
    numberText(point.error),
    numberText(point.predicted),
    ...(isTimed ? [point.ms === undefined ? '' : msText(point.ms), speedText(point)] : []),
    ...(hasTimes ? [savedText(point.savedMs)] : []),
    formsText(point),
  ]);
  const costly = plan.weights
    .flatMap(({ name, reader, forms }) => {
      const least = forms.toSorted((a, b) => a.bytes - b.bytes)[0];
      return least && forms[0] ? [{ place: name || reader, least, saved: forms[0].bytes - least.bytes }] : [];
    })
    .toSorted((a, b) => b.least.error - a.least.error)
    .slice(0, SHOWN);
  const { groups, of } = plan.measured;
  const lines = [
    `${p.bold('frontier')}  ${p.dim(`${plan.input}, ${bytesText(plan.inputBytes)}; ${groups} of ${of} groups of weights measured on ${plan.target}, seed ${plan.seed}`)}`,
    ...table([titles, ...rows], '>'.repeat(titles.length - 1)),
    ...(hasTimes
      ? hanging(
          p.dim(
            `saves: of a run on one core, by the times of single products; ${raced} of ${pairs} sizes and forms of products measured${raced < pairs ? ', the others estimated' : ''}`,
          ),
          width,
          '',
        )
      : []),
    '',
    ...plan.points.flatMap(({ command, refused, bytes }) => {
      const size = p.dim(bytesText(bytes).padStart(8));
      return command ? `${size}  ${command}` : hanging(`${size}  no command: ${refused}`, width, '');
    }),
    '',
    `${p.bold('most costly')}  ${p.dim('the error that the form of fewest bits would cost, and the bytes that it would save')}`,
    ...table(
      costly.map(({ place, least, saved }) => [numberText(least.error), bytesText(saved), `${place}, ${least.form}`]),
      '>>',
    ),
    ...plan.left.flatMap(({ reason, count }) =>
      hanging(p.dim(`${counted(count, 'weight')} not planned: ${reason}`), width),
    ),
    ...(plan.cuts.length
      ? hanging(p.warn(`! left out for lack of time (--time-budget): ${plan.cuts.join('; ')}`), width)
      : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** Error over size, measured and predicted; beside each point that was timed, its milliseconds. */
export function planPlot({ input, points }: Plan): string {
  const line = (name: string, errorOf: (point: PlanPoint) => number | null) => ({
    name,
    points: points.flatMap((point) => {
      const error = errorOf(point);
      // What has no error has no place on an axis of powers of ten.
      return error ? [[100 * point.share, error] as const] : [];
    }),
  });
  const measured = {
    ...line('measured', ({ error }) => error),
    labels: points.flatMap(({ error, ms }) => (error ? [ms === undefined ? '' : msText(ms)] : [])),
  };
  const lines = [measured, line('predicted', ({ predicted }) => predicted)];
  const axes = { x: 'size, % of the file', y: 'error', title: `Size and error of ${input}`, isLogarithmic: true };
  return plotOf(
    lines.filter((one) => one.points.length > 0),
    axes,
  );
}
