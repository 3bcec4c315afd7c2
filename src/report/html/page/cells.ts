/** The cells of a table. */
import { html, type Markup } from '../markup.js';
import type { PageColumn } from '../page-data.js';
import { cellText } from './data.js';
import type { ShownRows } from './rows.js';

/** The end of a name, which tells it from others, is never cut. */
const TAIL = 22;

/** A title, which sorts. */
export const headCell = ({ title, kind }: PageColumn, at: number, sorted: ShownRows['sortedBy']): Markup => {
  const order = sorted?.column === at ? (sorted.down ? 'descending' : 'ascending') : 'none';
  return html`<span role="columnheader" class="${kind}" aria-sort="${order}"><button type="button" data-column="${at}">${title}${order !== 'none' && (sorted?.down ? ' ↓' : ' ↑')}</button></span>`;
};

/** One cell of a row. */
export function bodyCell(column: PageColumn, value: number | null | undefined): Markup {
  const text = cellText(column, value);
  return html`<span role="gridcell" class="${column.kind}" title="${text}">${column.kind === 'name' ? name(text) : text}</span>`;
}

const name = (text: string): Markup => html`<i>${text.slice(0, -TAIL)}</i><b>${text.slice(-TAIL)}</b>`;
