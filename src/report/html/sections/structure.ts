/** The model folded by block: of what repeats one repeat, before and after, as graphs. */
import type { Report } from '../../../run/report/report.js';
import { signed } from '../../style.js';
import { repeatTexts } from '../../words/repeats.js';
import type { GraphChanges, SideName } from '../graph/changes.js';
import { layoutPiece } from '../graph/layout.js';
import { type Piece, piecesOf } from '../graph/pieces.js';
import { html, type Markup } from '../markup.js';
import type { PageBuilder } from '../page-builder.js';
import { about, missing, type PageSection, plainTable } from './section.js';

/** So many pieces are drawn: those that change, the largest share of the model first. */
const MOST_DRAWN = 40;

export async function structureSection(
  report: Report,
  changes: GraphChanges | undefined,
  page: PageBuilder,
): Promise<PageSection> {
  const section = { id: 'structure', title: 'Structure' };
  if (!changes)
    return {
      ...section,
      body: [missing('This report does not hold the graphs.', 'One that --report writes does.'), opsTable(report)],
    };
  const pieces = piecesOf(changes);
  const weightOf = ({ repeats, before, after }: Piece): number => repeats * (before.length + after.length);
  const drawn = new Set(
    pieces
      .filter((piece) => isChanged(piece, changes))
      .sort((a, b) => weightOf(b) - weightOf(a))
      .slice(0, MOST_DRAWN),
  );
  const largest = [...drawn][0] ?? pieces[0];
  if (largest) drawn.add(largest);
  const items: Markup[] = [];
  for (const [at, piece] of pieces.entries())
    items.push(await pieceMarkup(piece, at, drawn.has(piece), piece === largest, changes, page));
  return {
    ...section,
    count: String(pieces.length),
    body: [
      about(
        'In the order of the original; what repeats is shown once. A node that has another name or other inputs alone counts as kept. A node opens with a click or Enter.',
        html`<span class="legend-text"><i class="kept"></i> kept <i class="gone"></i> gone <i class="new"></i> new</span>`,
      ),
      repeatTexts(report).map((text) => about(text)),
      html`<div class="pieces">${items}</div>`,
      opsTable(report),
    ],
  };
}

const isChanged = ({ before, after }: Piece, changes: GraphChanges): boolean =>
  before.some((node) => changes.stateOf(node, 'before') === 'gone') ||
  after.some((node) => changes.stateOf(node, 'after') === 'new');

async function pieceMarkup(
  piece: Piece,
  at: number,
  isDrawn: boolean,
  isOpen: boolean,
  changes: GraphChanges,
  page: PageBuilder,
): Promise<Markup> {
  const { name, repeats, before, after } = piece;
  const title = repeats > 1 ? `${repeats} × ${name}` : name;
  const counts = before.length === after.length ? `${after.length} nodes` : `${before.length} → ${after.length} nodes`;
  const gone = before.filter((node) => changes.stateOf(node, 'before') === 'gone').length;
  const made = after.filter((node) => changes.stateOf(node, 'after') === 'new').length;
  const marks = html`${gone > 0 && html` <span class="went">${gone} gone</span>`}${made > 0 && html` <span class="came">${made} new</span>`}`;
  if (!isDrawn)
    return html`<p class="piece" data-find="piece ${title}"><b>${title}</b> <span>${counts}</span>${marks}</p>`;
  const sides = [
    ['before', before],
    ['after', after],
  ] as const;
  const figures: Markup[] = [];
  for (const [side, nodes] of sides) figures.push(await figure(side, nodes, `${at}-${side}`, title, changes, page));
  return html`<details class="piece" data-find="piece ${title}"${isOpen && html` open`}><summary><b>${title}</b> <span>${counts}</span>${marks}</summary><div class="pair">${figures}</div></details>`;
}

async function figure(
  side: SideName,
  nodes: Piece['before'],
  id: string,
  title: string,
  changes: GraphChanges,
  page: PageBuilder,
): Promise<Markup> {
  page.graph(id, await layoutPiece(nodes, side, changes, page));
  return html`<figure><figcaption><b>${side}</b> ${nodes.length} nodes</figcaption><div class="scroll graph" data-graph="${id}" data-label="${title}, ${side}"></div></figure>`;
}

/** The operators that came or went, the most first. */
function opsTable({ model: { before, after } }: Report): Markup {
  const ops = [...new Set([...Object.keys(before.ops), ...Object.keys(after.ops)])]
    .map((op) => ({ op, from: before.ops[op] ?? 0, to: after.ops[op] ?? 0 }))
    .filter(({ from, to }) => from !== to)
    .sort((a, b) => Math.abs(b.to - b.from) - Math.abs(a.to - a.from));
  if (ops.length === 0) return about('Every operator occurs as often as before.');
  return html`<details class="plain"><summary>Operators that came or went: ${ops.length}</summary>${plainTable(
    ['operator', 'before', 'after', ''],
    ops.map(({ op, from, to }) => [op, from, to, signed(to - from)]),
    ' >>>',
  )}</details>`;
}
