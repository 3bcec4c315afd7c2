/** The tables of the page, each made when it is first needed. */
import { data, textOf } from './data.js';
import type { ShownRows } from './rows.js';
import { PageTable } from './table.js';

const tables = new Map<string, PageTable>();

/** The table of this name. */
export function tableOf(id: string): PageTable | undefined {
  const place = document.querySelector<HTMLElement>(`[data-table="${CSS.escape(id)}"]`);
  if (!place || !Object.hasOwn(data.tables, id)) return undefined;
  let table = tables.get(id);
  if (!table) tables.set(id, (table = new PageTable(place)));
  return table;
}

/** The first text of a row, as a search lists it. */
export const rowTitle = ({ table }: ShownRows, row: number): string => textOf(table.cells[0]?.[row]);
