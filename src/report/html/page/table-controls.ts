/** What filters a table: words, and the values of some columns. */
import { html } from '../markup.js';
import { textOf } from './data.js';
import type { ShownRows } from './rows.js';

/** What is filtered. */
interface FilteredTable {
  readonly rows: ShownRows;
  update(): void;
  select(at: number): void;
}

/** Longer lists of values are found by words. */
const MOST_VALUES = 60;

export function controls(table: FilteredTable, place: HTMLElement): void {
  const { rows } = table;
  const filters = rows.table.columns
    .map(({ filter, title }, at) => ({
      filter,
      title,
      at,
      values: filter ? rows.valuesOf(at).slice(0, MOST_VALUES) : [],
    }))
    .filter(({ values }) => values.length > 1);
  place.innerHTML =
    html`<input type="search" placeholder="Filter" aria-label="Filter ${place.parentElement?.dataset.label}" spellcheck="false">
${filters.map(({ title, at, values }) => html`<select aria-label="${title}" data-column="${at}"><option value="">${title}: all</option>${values.map(([value, count]) => html`<option value="${value}">${clip(textOf(value))} (${count})</option>`)}</select>`)}
<output class="found" aria-live="polite"></output>`.text;
  const field = place.querySelector('input') as HTMLInputElement;
  field.addEventListener('input', () => {
    rows.words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    table.update();
    table.select(0);
  });
  for (const list of place.querySelectorAll('select'))
    list.addEventListener('change', () => {
      const column = Number(list.dataset.column);
      if (list.value === '') rows.values.delete(column);
      else rows.values.set(column, Number(list.value));
      table.update();
    });
}

const clip = (text: string): string => (text.length > 60 ? `${text.slice(0, 59)}…` : text);
