/** What a model is made of, on a terminal. */
import { rangeText } from '../../ir/dims/range.js';
import type { Shortage } from '../../ir/options/budget.js';
import { bytesText } from '../../ir/text/quantities.js';
import { shownText, withTexts } from '../../ir/text/shown-text.js';
import { blockLines } from '../inspect/blocks.js';
import type { ContradictionInfo, Inspection, PortInfo } from '../inspect/inspection.js';
import { costLines } from '../inspect/inspection-costs.js';
import type { ValueInfo } from '../inspect/inspection-values.js';
import { type Paint, paint, table } from '../style.js';
import { type TextOptions, textOptionsIn } from '../text-options.js';

/** The summary for people; with values in it, every value of every scope below it. */
export function inspectionText(given: Inspection, options: TextOptions = {}): string {
  const { isColoured } = textOptionsIn(options, 'inspectionText');
  const inspection = withTexts(given, shownText);
  const p = paint(isColoured);
  const { irVersion, opsets, producer, nodes, ops, bytes, bytesByType, functionNames } = inspection;
  const costs = inspection.costs && costLines(inspection.costs, p);
  const opsetText = Object.entries(opsets).map(([domain, version]) => `${domain} ${version}`);
  const section = (title: string, lines: readonly string[]) =>
    lines.length ? ['', p.bold(title), ...lines.map((line) => `  ${line}`)] : [];
  const ports = (list: readonly PortInfo[]) => table(list.map(({ name, type }) => [p.name(name), type]));
  const lines = [
    [`IR ${irVersion}`, opsetText.join(', '), producer && `by ${producer}`].filter(Boolean).join(p.dim(' · ')),
    ...section('inputs', ports(inspection.inputs)),
    ...section('outputs', ports(inspection.outputs)),
    ...section('sizes of dims', rangeTexts(inspection)),
    ...section('structure', blockLines(inspection.blocks)),
    ...section(`nodes ${nodes}`, columns(ops, String)),
    ...section(`weights ${bytesText(bytes)}`, columns(bytesByType, bytesText)),
    ...section('one run', costs?.run ?? []),
    ...section('by kernel tables', costs?.providers ?? []),
    ...section('functions', functionNames),
    ...section(
      'declared in the file otherwise than inferred',
      inspection.contradictions.map((one) => contradictionText(one, p)),
    ),
    ...section(
      'inputs that operators cannot take',
      inspection.violations.map(
        ({ scope, node, expected, found }) => `${scope}${p.name(node)}: expected ${expected}; found ${found}`,
      ),
    ),
    ...section(
      'left undone',
      inspection.shortages.map((one) => shortageText(one, p.name)),
    ),
    ...valueLines(inspection.values ?? [], p),
  ];
  return `${lines.join('\n')}\n`;
}

const rangeTexts = ({ dims }: Inspection): string[] =>
  Object.entries(dims).map(([name, range]) => `${name} ${rangeText(range)}`);

/** One line on what budgets left undone. */
export function shortageText({ reason, places }: Shortage, nameText = (name: string): string => name): string {
  const shown = places.slice(0, 3).map(nameText).join(', ');
  return `${reason}, at ${shown}${places.length > 3 ? ` and ${places.length - 3} more` : ''}`;
}

const contradictionText = (one: ContradictionInfo, p: Paint): string => {
  const source = one.declaredBy === 'output' ? 'the graph output' : 'value_info';
  return `${one.scope}${p.name(one.name)}: ${source} says ${one.declared}; ${one.inferredBy} gives ${one.inferred}`;
};

/** Counts in three columns, read downwards. */
function columns(counts: Readonly<Record<string, number>>, text: (n: number) => string): string[] {
  const cells = Object.entries(counts).map(([name, n]) => [text(n), name]);
  const height = Math.max(Math.ceil(cells.length / 3), Math.min(cells.length, 4));
  const rows = Array.from({ length: height }, (_, i) =>
    cells.filter((_, at) => at % height === i).flatMap(([n = '', name = '']) => [n, name]),
  );
  return table(rows, '> > > ');
}

/** The first few, numbers in four digits, strings in quotes. */
function contentsText(contents: readonly string[], elem: string | null): string {
  const shortened = (text: string): string => {
    if (elem === 'string') return JSON.stringify(text);
    return /^-?\d+\.\d+/.test(text) ? String(Number(Number(text).toPrecision(4))) : text;
  };
  const short = contents.slice(0, 8).map(shortened);
  return `= ${short.join(' ')}${contents.length > 8 ? ' …' : ''}`;
}

function valueLines(values: readonly ValueInfo[], p: Paint): string[] {
  const scopes = [...new Set(values.map(({ scope }) => scope))];
  return scopes.flatMap((scope) => [
    '',
    p.bold(scope ? `values of ${scope}` : 'values'),
    ...table(
      values
        .filter((value) => value.scope === scope)
        .map(({ name, kind, op, type, elem, contents }) => [
          `  ${p.name(name)}`,
          p.dim(op ?? kind),
          type,
          contents ? p.dim(contentsText(contents, elem)) : '',
        ]),
    ),
  ]);
}
