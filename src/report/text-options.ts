/** What the views on a terminal can be told. */
import { z } from 'zod';
import { optionsIn, truth } from '../ir/options/options.js';

/** How a report is printed. */
export interface TextOptions {
  readonly isColoured?: boolean;
  /** Columns; long texts are broken there. Default 100. */
  readonly width?: number;
  /** Shows types by bytes and by arithmetic, and what stays float. Default false. */
  readonly coverage?: boolean;
}

const columns = 'expected a number of columns';
const schema = z.object({ isColoured: truth, coverage: truth, width: z.number(columns).positive(columns) });

/** The options with their defaults; `place` is the function that was given them. Throws UsageError for unknown ones. */
export function textOptionsIn(given: TextOptions, place: string): Required<TextOptions> {
  const { isColoured = false, width = 100, coverage = false } = optionsIn(schema, given, place);
  return { isColoured, width, coverage };
}
