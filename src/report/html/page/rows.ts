/** Which rows of a table are shown, and in which order. */
import type { TableData } from '../page-data.js';
import { textOf } from './data.js';

export class ShownRows {
  /** The rows that are shown, by their place in the table. */
  shown: number[] = [];
  words: readonly string[] = [];
  /** The value that a column is held to, by the column's place. */
  readonly values = new Map<number, number>();
  sortedBy: { readonly column: number; readonly down: boolean } | undefined;
  #texts: string[] | undefined;

  constructor(readonly table: TableData) {
    this.update();
  }

  get count(): number {
    return this.table.details.length;
  }

  /** All texts of a row in small letters. */
  textAt(row: number): string {
    this.#texts ??= this.table.details.map((_, at) =>
      this.table.columns
        .flatMap(({ kind }, column) =>
          kind === 'text' || kind === 'name' ? textOf(this.table.cells[column]?.[at]) : [],
        )
        .join(' ')
        .toLowerCase(),
    );
    return this.#texts[row] ?? '';
  }

  update(): void {
    const { cells } = this.table;
    const all = Array.from({ length: this.count }, (_, row) => row);
    this.shown = all.filter(
      (row) =>
        [...this.values].every(([column, value]) => cells[column]?.[row] === value) &&
        this.words.every((word) => this.textAt(row).includes(word)),
    );
    if (this.sortedBy) this.#sort(this.sortedBy);
  }

  /** Numbers begin with the largest; a third time the order is that of the model. */
  sortBy(column: number): void {
    const isNumber = !['text', 'name'].includes(this.table.columns[column]?.kind ?? 'text');
    if (this.sortedBy?.column !== column) this.sortedBy = { column, down: isNumber };
    else this.sortedBy = this.sortedBy.down === isNumber ? { column, down: !isNumber } : undefined;
  }

  #sort({ column, down }: { readonly column: number; readonly down: boolean }): void {
    const cells = this.table.cells[column] ?? [];
    const kind = this.table.columns[column]?.kind;
    const isText = kind === 'text' || kind === 'name';
    const sign = down ? -1 : 1;
    // What is not known stands last either way.
    const isNone = (row: number): boolean => cells[row] === null || cells[row] === -1;
    this.shown.sort((a, b) => {
      if (isNone(a) || isNone(b)) return Number(isNone(a)) - Number(isNone(b));
      const order = isText
        ? textOf(cells[a]).localeCompare(textOf(cells[b]), 'en', { numeric: true })
        : (cells[a] as number) - (cells[b] as number);
      return sign * order;
    });
  }

  /** The values of a column, with how often each occurs, the most frequent first. */
  valuesOf(column: number): [value: number, count: number][] {
    const counts = new Map<number, number>();
    for (const value of this.table.cells[column] ?? [])
      if (value !== null && value >= 0) counts.set(value, (counts.get(value) ?? 0) + 1);
    return [...counts].sort(([, a], [, b]) => b - a);
  }
}
