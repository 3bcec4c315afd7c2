/** A table that draws the rows that are seen: five thousand open as fast as fifty. */
import { html, type Markup } from '../markup.js';
import type { PageColumn, TableData } from '../page-data.js';
import { bodyCell, headCell } from './cells.js';
import { data } from './data.js';
import { showDetails } from './details.js';
import { ShownRows } from './rows.js';
import { controls } from './table-controls.js';

const ROW = 30;
/** ShownRows that are drawn above and below those that are seen. */
const BEYOND = 8;
/** A printed page has the first rows. */
const PRINTED = 200;

const isNarrow = matchMedia('(max-width: 760px)');

export class PageTable {
  readonly rows: ShownRows;
  readonly #viewport: HTMLElement;
  readonly #spacer: HTMLElement;
  #selected = -1;
  #isPrinted = false;

  constructor(readonly place: HTMLElement) {
    this.rows = new ShownRows(data.tables[this.id] as TableData);
    place.innerHTML =
      html`<div class="controls"></div><div class="viewport" tabindex="0" role="grid" aria-label="${place.dataset.label}" aria-rowcount="${this.rows.count + 1}"><div class="head" role="row"></div><div class="rows" role="rowgroup"></div></div>`.text;
    this.#viewport = place.querySelector('.viewport') as HTMLElement;
    this.#spacer = place.querySelector('.rows') as HTMLElement;
    controls(this, place.querySelector('.controls') as HTMLElement);
    this.#viewport.addEventListener('scroll', () => this.draw(), { passive: true });
    this.#viewport.addEventListener('keydown', (event) => this.#key(event));
    this.#spacer.addEventListener('click', ({ target }) => {
      const row = (target as Element).closest<HTMLElement>('[data-at]');
      if (row) this.open(Number(row.dataset.at));
    });
    isNarrow.addEventListener('change', () => this.update());
    addEventListener('beforeprint', () => this.print(true));
    addEventListener('afterprint', () => this.print(false));
    this.update();
  }

  get id(): string {
    return this.place.dataset.table as string;
  }

  /** After another filter or order. */
  update(): void {
    this.rows.update();
    this.#selected = Math.min(this.#selected, this.rows.shown.length - 1);
    const columns = this.#columns();
    for (const element of [this.#viewport, this.#spacer])
      element.style.setProperty(
        '--columns',
        columns
          .map(
            ({ column: { width, kind } }) => `minmax(${kind === 'text' || kind === 'name' ? 0 : '5.4rem'}, ${width}fr)`,
          )
          .join(' '),
      );
    const head = this.place.querySelector('.head') as HTMLElement;
    head.innerHTML = columns.map(({ column, at }) => headCell(column, at, this.rows.sortedBy).text).join('');
    for (const button of head.querySelectorAll('button'))
      button.addEventListener('click', () => {
        this.rows.sortBy(Number(button.dataset.column));
        this.update();
      });
    const found = this.place.querySelector('.found');
    if (found) found.textContent = `${this.rows.shown.length} of ${this.rows.count}`;
    this.#spacer.style.height = `${ROW * this.rows.shown.length}px`;
    this.draw();
  }

  draw(): void {
    const { scrollTop, clientHeight } = this.#viewport;
    const first = this.#isPrinted ? 0 : Math.max(0, Math.floor(scrollTop / ROW) - BEYOND);
    const count = this.#isPrinted ? PRINTED : Math.ceil(clientHeight / ROW) + 2 * BEYOND;
    const columns = this.#columns();
    const shown = this.rows.shown.slice(first, first + count);
    this.#spacer.style.paddingTop = `${ROW * first}px`;
    this.#spacer.innerHTML = shown.map((row, i) => this.#row(row, first + i, columns).text).join('');
    if (this.#selected >= 0) this.#viewport.setAttribute('aria-activedescendant', `${this.id}-${this.#selected}`);
  }

  /** Shows the row at this place among those that are shown. */
  select(at: number): void {
    this.#selected = Math.max(0, Math.min(at, this.rows.shown.length - 1));
    const top = this.#selected * ROW;
    const { scrollTop, clientHeight } = this.#viewport;
    if (top < scrollTop) this.#viewport.scrollTop = top;
    else if (top + 2 * ROW > scrollTop + clientHeight) this.#viewport.scrollTop = top + 2 * ROW - clientHeight;
    this.draw();
  }

  open(at: number): void {
    const row = this.rows.shown[at];
    if (row === undefined) return;
    this.select(at);
    this.#viewport.focus({ preventScroll: true });
    showDetails(this.rows.table.details[row] ?? [], this.#viewport);
  }

  /** Opens a row of the table, whatever is filtered. */
  reveal(row: number): void {
    if (!this.rows.shown.includes(row)) {
      this.rows.values.clear();
      this.rows.words = [];
      for (const field of this.place.querySelectorAll<HTMLInputElement | HTMLSelectElement>(
        '.controls input, .controls select',
      ))
        field.value = '';
      this.update();
    }
    this.place.scrollIntoView({ block: 'center' });
    this.open(this.rows.shown.indexOf(row));
  }

  #columns(): { column: PageColumn; at: number }[] {
    return this.rows.table.columns
      .map((column, at) => ({ column, at }))
      .filter(({ column }) => !(isNarrow.matches && column.wide));
  }

  #row(row: number, at: number, columns: readonly { column: PageColumn; at: number }[]): Markup {
    const isSelected = at === this.#selected;
    return html`<div class="row" role="row" id="${this.id}-${at}" data-at="${at}" aria-rowindex="${at + 2}" aria-selected="${String(isSelected)}">${columns.map(({ column, at: place }) => bodyCell(column, this.rows.table.cells[place]?.[row]))}</div>`;
  }

  #key(event: KeyboardEvent): void {
    if (event.target !== this.#viewport || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = stepOf(event.key, Math.max(1, Math.floor(this.#viewport.clientHeight / ROW) - 2), this.rows.count);
    if (step !== undefined) this.select(this.#selected + step);
    else if (event.key === 'Enter' || event.key === ' ') this.open(Math.max(this.#selected, 0));
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Draws the rows that paper has, or again those that are seen. */
  print(isPrinted: boolean): void {
    this.#isPrinted = isPrinted;
    this.#spacer.style.height = `${ROW * (isPrinted ? Math.min(PRINTED, this.rows.shown.length) : this.rows.shown.length)}px`;
    this.draw();
  }
}

/** How many rows a key goes down; a negative number is up. */
function stepOf(key: string, page: number, all: number): number | undefined {
  const steps = new Map([
    ['ArrowDown', 1],
    ['j', 1],
    ['ArrowUp', -1],
    ['k', -1],
    ['PageDown', page],
    ['PageUp', -page],
    ['Home', -all],
    ['End', all],
  ]);
  return steps.get(key);
}
