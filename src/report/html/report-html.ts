/** The report as a page: one file, which opens without a network. */
import type { Report } from '../../run/report/report.js';

export interface ReportHtmlOptions {
  /** An earlier report of the same model: what came of its opportunities is said. */
  readonly earlier?: Report;
}

/** A page of HTML that loads nothing. All texts of the report are escaped. */
export async function reportHtml(report: Report, { earlier }: ReportHtmlOptions = {}): Promise<string> {
  const { reportPage } = await import('./report-page.js');
  return reportPage(report, earlier);
}
