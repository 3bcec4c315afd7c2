/** Reports as pages: one file each, which opens without a network. */
import type { FolderReport } from '../../run/folder-report.js';
import type { Report } from '../../run/report/report.js';

/** What the page of a report shows beside it. */
export interface ReportHtmlOptions {
  /** An earlier report of the same model: what came of its opportunities is said. */
  readonly earlier?: Report;
}

/** A page of HTML that loads nothing. All texts of the report are escaped. */
export async function reportHtml(report: Report, { earlier }: ReportHtmlOptions = {}): Promise<string> {
  const { reportPage } = await import('./report-page.js');
  return reportPage(report, earlier);
}

/** What the page of a folder shows beside its report. */
export interface FolderHtmlOptions {
  /** The pictures of both pipelines beside each other, as the PNG that lies beside the report. */
  readonly picture?: Uint8Array;
}

/** The same of a folder's report. */
export async function folderHtml(report: FolderReport, { picture }: FolderHtmlOptions = {}): Promise<string> {
  const { folderPage } = await import('./folder-page.js');
  return folderPage(report, picture);
}
