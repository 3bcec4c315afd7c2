/** Reads reports of folders, also those whose parts an older version reported. */
import { UsageError } from '../ir/text/usage-error.js';
import { type FolderReport, folderReportSchema } from './folder-report.js';
import { zodText } from './options.js';
import { readReport } from './report/read-report.js';

/** Reads a folder's report from its parsed JSON. Throws UsageError for what is none. */
export function readFolderReport(data: object): FolderReport {
  const { parts } = data as { readonly parts?: unknown };
  const read = Array.isArray(parts) ? parts.map(withReport) : parts;
  const checked = folderReportSchema.safeParse({ ...data, parts: read });
  if (!checked.success) throw new UsageError(`report of a folder: ${zodText(checked.error, data)}`);
  return checked.data as FolderReport;
}

const withReport = (part: unknown): unknown =>
  typeof part === 'object' && part !== null && 'report' in part && part.report !== undefined
    ? { ...part, report: readReport(part.report) }
    : part;
