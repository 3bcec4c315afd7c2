/** What the page's script reads: tables that are drawn as far as they are seen, and graphs that are drawn when they are opened. */

/** A text by its place in `texts`; -1 for none. */
export type TextId = number;

export interface PageColumn {
  readonly title: string;
  /** How a number is shown; texts are ids. */
  readonly kind: 'text' | 'name' | 'count' | 'bytes' | 'ms' | 'error';
  /** Its share of the width. */
  readonly width: number;
  /** True: a list of its values filters the rows. */
  readonly filter?: boolean;
  /** True: left out where the page is narrow; the details show it. */
  readonly wide?: boolean;
}

export interface TableData {
  readonly columns: readonly PageColumn[];
  /** By column, then by row. A number that is not known is null. */
  readonly cells: readonly (readonly (number | null)[])[];
  /** By row: names and texts in turn, shown where the row is opened. */
  readonly details: readonly (readonly TextId[])[];
}

export interface GraphNode {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly text: TextId;
  readonly state: 'kept' | 'new' | 'gone' | 'value';
  /** Names and texts in turn. */
  readonly details: readonly TextId[];
}

/** A graph with its places. */
export interface GraphData {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly GraphNode[];
  /** The points of each edge: x and y in turn. */
  readonly edges: readonly (readonly number[])[];
}

export interface PageData {
  readonly texts: readonly string[];
  readonly tables: Readonly<Record<string, TableData>>;
  readonly graphs: Readonly<Record<string, GraphData>>;
}
