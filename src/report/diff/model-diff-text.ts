/** The difference of two models on a terminal. */
import { appendTo, maxOf } from '../../ir/collections/lists.js';
import { bytesText, numberText } from '../../ir/text/quantities.js';
import { shownText, withTexts } from '../../ir/text/shown-text.js';
import type { ModelDiff } from '../../run/model-diff-schema.js';
import { hanging, type Paint, paint, signed, table } from '../style.js';
import { type TextOptions, textOptionsIn } from '../text-options.js';

/** As many lines of a section are shown; the JSON has all. */
const MOST = 20;

/** Lines for the terminal. */
export function modelDiffText(given: ModelDiff, options: TextOptions = {}): string {
  const { isColoured, width } = textOptionsIn(options, 'modelDiffText');
  const diff = withTexts(given, shownText);
  const p = paint(isColoured);
  const { before, after, nodes } = diff;
  const section = (title: string, lines: readonly string[]): string[] => {
    const left = lines.length - MOST;
    const shown = [...lines.slice(0, MOST), ...(left > 0 ? [p.dim(`and ${left} more: --json`)] : [])];
    return lines.length > 0 ? ['', p.bold(title), ...shown.map((line) => `  ${line}`)] : [];
  };
  const lines = [
    diff.equal ? 'no difference' : 'the two differ',
    ...table(
      [
        ['nodes', String(before.nodes), '→', String(after.nodes), `${nodes.same} the same`],
        ['weights', bytesText(before.bytes), '→', bytesText(after.bytes), typesText(diff)],
      ],
      ' > >',
    ),
    ...section('around the nodes', aroundLines(diff)),
    ...section('nodes by block', blockLines(diff, p)),
    ...section('rewrites', rewriteLines(diff, width, p)),
    ...section(
      'changed nodes',
      nodes.changed.flatMap(({ op, what, count, at }) =>
        hanging(`${count} × ${op}  ${what}  ${p.dim(placeText(at, count))}`, width - 2),
      ),
    ),
    ...section(`weights: ${stateText(diff)}`, weightLines(diff, p)),
  ];
  return `${lines.join('\n')}\n`;
}

const typesText = ({ before, after }: ModelDiff): string =>
  [before, after]
    .map(({ bytesByType }) =>
      Object.entries(bytesByType)
        .map(([type, bytes]) => `${type} ${bytesText(bytes)}`)
        .join(', '),
    )
    .join(' → ');

const sides = ({ before, after }: { before?: unknown; after?: unknown }): string =>
  before === undefined ? `added: ${after}` : after === undefined ? `removed: ${before}` : `${before} → ${after}`;

const aroundLines = ({ opsets, ports, functions, metadata }: ModelDiff): string[] =>
  table([
    ...opsets.map((one) => ['operator set', one.domain, sides(one)]),
    ...ports.map((one) => [one.kind, one.name, sides(one)]),
    ...functions.map((one) => ['function', one.name, one.before === undefined ? 'added' : 'removed']),
    ...metadata.map((one) => ['metadata', one.key, sides(one)]),
  ]);

const ELSEWHERE = 'elsewhere';

function blockLines({ blocks }: ModelDiff, p: Paint): string[] {
  const changes = ({ removed, added }: ModelDiff['blocks'][number]): string => {
    const text = (counts: Readonly<Record<string, number>>, sign: 1 | -1) =>
      Object.entries(counts).map(([op, n]) => `${signed(sign * n)} ${op}`);
    return [...text(removed, -1).map(p.bad), ...text(added, 1).map(p.good)].join(', ');
  };
  return table(
    blocks.map((one) => [one.name ? `${one.repeats} ×` : '', one.name || ELSEWHERE, changes(one)]),
    '>',
  );
}

function rewriteLines({ rewrites }: ModelDiff, width: number, p: Paint): string[] {
  return rewrites.flatMap(({ block, count, removed, added, at }) => {
    const what = `${opsText(removed)} → ${opsText(added)}`;
    const where = block ? `in ${block}` : ELSEWHERE;
    return hanging(`${count} × ${what}  ${p.dim(`${where}, ${placeText(at, count)}`)}`, width - 2);
  });
}

/** `Add, 2 Mul`; `–` for none. */
const opsText = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([op, n]) => (n === 1 ? op : `${n} ${op}`))
    .join(', ') || '–';

const placeText = (at: readonly string[], count: number): string => `${count > 1 ? 'e.g. ' : ''}at ${at[0]}`;

function stateText({ weights: { same, list } }: ModelDiff): string {
  const counts = new Map<string, number>();
  for (const { state } of list) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [`${same} the same`, ...[...counts].map(([state, n]) => `${n} ${state}`)].join(', ');
}

/** Weights that differ alike, and whose names differ in numbers alone, have one line. */
function weightLines({ weights }: ModelDiff, p: Paint): string[] {
  type Entry = ModelDiff['weights']['list'][number];
  const nameOf = ({ before, after }: Entry): string => before?.name ?? after?.name ?? '';
  const stored = (one: Entry['before']): string => (one ? `${one.type} [${one.shape}] ${bytesText(one.bytes)}` : '–');
  const groups = new Map<string, Entry[]>();
  for (const one of weights.list) {
    const key = [
      nameOf(one).replaceAll(/\d+/g, '*'),
      one.state,
      stored(one.before),
      stored(one.after),
      one.notCompared,
    ];
    appendTo(groups, key.join('\n'), one);
  }
  return table(
    [...groups.values()].map((list) => {
      const [{ before, after, state, notCompared = '' }] = list as [Entry];
      const name = nameOf(list[0] as Entry);
      const errors = list.flatMap(({ error }) => (error === undefined ? [] : [error ?? Number.POSITIVE_INFINITY]));
      return [
        list.length > 1 ? `${list.length} ×` : '',
        p.name(list.length > 1 ? name.replaceAll(/\d+/g, '*') : name),
        state === 'renamed' && list.length === 1 ? `now ${after?.name}` : state,
        ...[stored(before), '→', stored(after)],
        errors.length > 0 ? `relative L2 ${list.length > 1 ? 'up to ' : ''}${numberText(maxOf(errors))}` : notCompared,
      ];
    }),
    '>',
  );
}
