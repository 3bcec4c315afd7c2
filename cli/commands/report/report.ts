/** `optimize report`: a report as text, Markdown, a table or a badge, from its JSON alone. */
import { readFile } from 'node:fs/promises';
import { UsageError, unknownText } from '../../../src/ir/text/usage-error.js';
import { checkDestinations, writeText } from '../../../src/job/destination.js';
import type { CsvTable } from '../../../src/report/format-names.js';
import { type ReportFormat, reportFormats } from '../../../src/report/format-names.js';
import { formatOf, formatted } from '../../../src/report/formats.js';
import { reportMarkdown } from '../../../src/report/markdown.js';
import { readReport } from '../../../src/run/report/read-report.js';
import type { Report } from '../../../src/run/report/report.js';
import type { Flags } from '../../parse/flags.js';
import { addSummary } from '../../terminal/step-summary.js';
import { hasColour, lineWidth, stdout } from '../../terminal/terminal.js';
import { folderPageOf } from './folder-page.js';

export async function run(flags: Flags): Promise<undefined> {
  const out = flags.out as string | undefined;
  const format = formatIn(flags, formatOf, reportFormats);
  if (flags.table !== undefined && format !== 'csv')
    throw new UsageError(`--table: expected --format csv; found ${format}`);
  if (flags.earlier !== undefined && format !== 'html')
    throw new UsageError(`--earlier: expected --format html; found ${format}`);
  if (out !== undefined) await checkDestinations([out]);
  const folder = format === 'html' && flags.part === undefined ? await folderPageOf(flags.report as string) : undefined;
  if (folder !== undefined) return write(folder, out);
  const report = await reportAt(flags.report as string, flags.part as string | undefined);
  const text = await formatted(report, format, {
    ...(out === undefined && { isColoured: hasColour(stdout), width: lineWidth(stdout) }),
    coverage: flags.coverage === true,
    table: flags.table as CsvTable | undefined,
    earlier: flags.earlier === undefined ? undefined : await reportAt(flags.earlier as string),
  });
  if (flags.summary) await addSummary(reportMarkdown(report));
  await write(text, out);
}

async function write(text: string, out: string | undefined): Promise<undefined> {
  if (out === undefined) stdout.write(text);
  else await writeText({ path: out, text });
}

/** The format that `--format` names, or the ending of `--out`; else text. */
export function formatIn<Format extends ReportFormat>(
  { format, out }: Flags,
  byEnding: (path: string) => ReportFormat | undefined,
  formats: readonly Format[],
): Format | 'text' {
  if (format !== undefined) return format as Format;
  if (out === undefined) return 'text';
  const found = byEnding(out as string);
  if (found === undefined || !(formats as readonly string[]).includes(found))
    throw new UsageError(
      `--out ${out}: expected --format, as the ending tells none; found none. There are: ${formats.join(', ')}`,
    );
  return found as Format;
}

/** The report in a file; of a folder's report that of the part with this name. Throws UsageError where there is none. */
export async function reportAt(path: string, part?: string): Promise<Report> {
  const text = await readFile(path, 'utf8');
  try {
    const data = JSON.parse(text) as { parts?: readonly { name: string; report?: unknown }[] };
    if (!Array.isArray(data?.parts)) return readReport(data);
    const reported = data.parts.filter(({ report }) => report !== undefined);
    const names = reported.map(({ name }) => name);
    if (part === undefined)
      throw new UsageError(
        `expected the report of one model; found that of a folder. Name a part: --part ${names.join(' | ')}`,
      );
    const found = reported.find(({ name }) => name === part);
    if (!found) throw new UsageError(`--part: ${unknownText('part', part, names)}`);
    return readReport(found.report);
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new UsageError(`${path}: expected the JSON that --report out.json writes; found text that is no JSON`);
    throw error instanceof UsageError ? new UsageError(`${path}: ${error.message}`) : error;
  }
}
