/** Collects what the page's script reads; a text that occurs often is held once. */
import type { GraphData, PageColumn, PageData, TableData, TextId } from './page-data.js';

/** A cell: a text or a number, as its column says. */
export type Cell = string | number | null | undefined;

/** What is shown of an opened row: a name and a text each; what has no text is left out. */
export type RowDetails = readonly (readonly [name: string, text: string | undefined])[];

export class PageBuilder {
  readonly #ids = new Map<string, TextId>();
  readonly #tables: Record<string, TableData> = {};
  readonly #graphs: Record<string, GraphData> = {};

  text(text: string | undefined): TextId {
    if (text === undefined || text === '') return -1;
    let id = this.#ids.get(text);
    if (id === undefined) this.#ids.set(text, (id = this.#ids.size));
    return id;
  }

  details(details: RowDetails): TextId[] {
    return details.flatMap(([name, text]) => (text ? [this.text(name), this.text(text)] : []));
  }

  table(
    id: string,
    columns: readonly PageColumn[],
    rows: readonly { readonly cells: readonly Cell[]; readonly details: RowDetails }[],
  ): void {
    this.#tables[id] = {
      columns,
      cells: columns.map((_, at) =>
        rows.map(({ cells }) => {
          const cell = cells[at];
          return typeof cell === 'number'
            ? cell
            : typeof cell === 'string'
              ? this.text(cell)
              : isText(columns[at])
                ? -1
                : null;
        }),
      ),
      details: rows.map(({ details }) => this.details(details)),
    };
  }

  graph(id: string, graph: GraphData): void {
    this.#graphs[id] = graph;
  }

  get data(): PageData {
    return { texts: [...this.#ids.keys()], tables: this.#tables, graphs: this.#graphs };
  }
}

const isText = (column: PageColumn | undefined): boolean => column?.kind === 'text' || column?.kind === 'name';
