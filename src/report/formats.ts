/** The formats that a report is shown in, each made of its JSON alone. */
import type { Report } from '../run/report/report.js';
import { reportJson } from '../run/report/report-json.js';
import { reportBadge } from './badge.js';
import { reportCsv } from './csv.js';
import type { CsvTable, ReportFormat } from './format-names.js';
import { reportHtml } from './html/report-html.js';
import { reportMarkdown } from './markdown.js';
import { reportText } from './text.js';
import type { TextOptions } from './text-options.js';

const endings: Readonly<Record<string, ReportFormat>> = {
  txt: 'text',
  json: 'json',
  md: 'md',
  html: 'html',
  csv: 'csv',
  svg: 'badge',
};

/** The format of a file by its ending; undefined for any other ending. */
export const formatOf = (path: string): ReportFormat | undefined => endings[/\.([a-z]+)$/.exec(path)?.[1] ?? ''];

export interface FormatOptions extends TextOptions {
  /** Of csv. */
  readonly table?: CsvTable;
  /** Of html: an earlier report of the same model. */
  readonly earlier?: Report;
}

/** The report in one of the formats. */
export async function formatted(report: Report, format: ReportFormat, options: FormatOptions): Promise<string> {
  const { table, earlier, ...text } = options;
  if (format === 'json') return reportJson(report);
  if (format === 'md') return reportMarkdown(report);
  if (format === 'html') return reportHtml(report, { earlier });
  if (format === 'csv') return reportCsv(report, table);
  if (format === 'badge') return reportBadge(report);
  return reportText(report, text);
}
