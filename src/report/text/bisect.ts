/** The error by depth on a terminal: a bar for each part of the model, and where the error begins. */
import { numberText } from '../../ir/text/quantities.js';
import { shownText, withTexts } from '../../ir/text/shown-text.js';
import { counted, hanging, type Paint, paint, table } from '../style.js';
import { type TextOptions, textOptionsIn } from '../text-options.js';

/** What `bisect` gives, as far as it is shown. */
export interface BisectReport {
  readonly provider: string;
  readonly inputs: readonly string[];
  readonly parts: readonly {
    readonly name: string;
    readonly instance?: { readonly number: number; readonly of: number };
    readonly nodes: number;
    readonly values: number;
    readonly error: number | undefined;
  }[];
  readonly values: readonly unknown[];
  readonly first:
    | {
        readonly value: string;
        readonly node: string;
        readonly part: number;
        readonly error: number;
        readonly inherited: number;
        readonly without: number | undefined;
        readonly nodes: readonly string[];
        readonly constants: readonly string[];
      }
    | undefined;
  readonly drifts: readonly unknown[];
  readonly outputError: number;
  readonly floor: number;
  readonly notCompared: { readonly alone: number; readonly inside: number };
}

/** The text of a bisection: the error of each part by depth, and the first value that brings it in. */
export function bisectText(given: BisectReport, options: TextOptions = {}): string {
  const { isColoured, width } = textOptionsIn(options, 'bisectText');
  const report = withTexts(given, shownText);
  const p = paint(isColoured);
  return `${[headLines(report, p), partLines(report, p), firstLines(report, p, width)]
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function headLines({ provider, inputs, values, notCompared }: BisectReport, p: Paint): string[] {
  const { alone, inside } = notCompared;
  const left = [
    ...(alone ? [`${alone} that only the original has`] : []),
    ...(inside ? [`${inside} in bodies and functions`] : []),
  ];
  const what = `${provider}, ${counted(inputs.length, 'set')} of inputs, onnxruntime without its own optimizations`;
  return [
    `${p.bold('error by depth')}  ${p.dim(`${what}: relative L2 of ${counted(values.length, 'value')}, the largest of each part`)}`,
    ...(left.length ? [p.dim(`  not compared: ${left.join('; ')}`)] : []),
  ];
}

const bars = ' ▁▂▃▄▅▆▇█';
/** Below this the bar is empty; from 1 on it is full. */
const LEAST = 1e-8;

function barOf(error: number): string {
  const share = 1 - Math.log10(Math.min(1, Math.max(LEAST, error))) / Math.log10(LEAST);
  return bars[Math.round(share * (bars.length - 1))] as string;
}

function partLines({ parts, first, floor }: BisectReport, p: Paint): string[] {
  const rows = parts.map(({ name, instance, error, nodes }, at) => {
    const isFirst = at === first?.part;
    const style = error !== undefined && error > floor ? p.warn : p.dim;
    return [
      isFirst ? p.bad('✗') : ' ',
      isFirst ? p.bold(titleOf({ name, instance })) : titleOf({ name, instance }),
      error === undefined ? '' : style(barOf(error)),
      error === undefined ? p.dim('–') : style(error === Number.POSITIVE_INFINITY ? 'NaN/Inf' : numberText(error)),
      p.dim(counted(nodes, 'node')),
    ];
  });
  return table(rows, '   >>');
}

const titleOf = ({ name, instance }: Pick<BisectReport['parts'][number], 'name' | 'instance'>): string =>
  instance ? `${name} ${instance.number} of ${instance.of}` : name;

/** Names of nodes that are listed. */
const SHOWN = 6;

function firstLines({ first, parts, drifts, outputError, floor }: BisectReport, p: Paint, width: number): string[] {
  if (!first)
    return [
      outputError > floor
        ? `the outputs differ by ${numberText(outputError)}, but no value that both compute tells where that begins`
        : `${p.good('✓')} no drift: no error above ${numberText(floor)} is handed on to another value`,
    ];
  const { value, node, part, error, inherited, without, nodes, constants } = first;
  const where = titleOf(parts[part] as BisectReport['parts'][number]);
  const size = error === Number.POSITIVE_INFINITY ? 'NaN or infinities of its own' : `relative L2 ${numberText(error)}`;
  const shown = nodes.slice(-SHOWN).join(', ');
  const more = nodes.length > SHOWN ? `the last of ${nodes.length}: ` : '';
  const lines = [
    `${p.bold('first drift')}  ${p.bad(where)}, ${node}`,
    `value "${value}": ${size}, ${numberText(inherited)} in what it is computed from`,
    ...(without === undefined
      ? [`no one place takes most of the outputs' error with it, ${errorText(outputError)}: this is the first`]
      : [
          `with the original's numbers there, the outputs differ by ${errorText(without)} instead of ${errorText(outputError)}`,
        ]),
    ...(constants.length ? [`constants of other numbers: ${constants.join(', ')}`] : []),
    ...(nodes.length > 1 ? [`made by the original's nodes, ${more}${shown}`] : []),
    ...(drifts.length > 1
      ? [p.dim(`${counted(drifts.length, 'place')} in all where an error begins: --json lists them`)]
      : []),
  ];
  return lines.flatMap((text, i) => hanging(text, width, i ? '  ' : ''));
}

const errorText = (error: number): string =>
  error === Number.POSITIVE_INFINITY ? 'NaN or infinities' : numberText(error);
