/** Checks the destinations of results before any work is done, and writes files of text. */
import type { TextFile } from '../disk/write-set.js';
import { ModelError } from '../ir/text/errors.js';
import { UsageError } from '../ir/text/usage-error.js';
import { reportHtml } from '../report/html/report-html.js';
import { reportMarkdown } from '../report/markdown.js';
import type { Report } from '../run/report/report.js';
import { reportJson } from '../run/report/report-json.js';

/** The report as a file: Markdown by the ending `.md`, a page by `.html`, else JSON. */
export async function reportFile(path: string, report: Report): Promise<TextFile> {
  if (path.endsWith('.html')) return { path, text: await reportHtml(report) };
  return { path, text: path.endsWith('.md') ? reportMarkdown(report) : reportJson(report) };
}

/** Writes one file of text, whole or not at all. */
export async function writeText({ path, text }: TextFile): Promise<void> {
  const { writeSet } = await import('../disk/write-set.js');
  await writeSet({ path, content: () => [new TextEncoder().encode(text)] });
}

/** Throws UsageError for a report's path whose ending tells no format. */
export function checkReportPath(path: string | undefined): void {
  if (path !== undefined && !/\.(json|md|html)$/.test(path))
    throw new UsageError(`--report: expected a path ending in .json, .md or .html; found "${path}"`);
}

/** Throws UsageError where the folder of results cannot be made: a file has its place, or stands on the way. */
export async function checkFolderPlace(path: string): Promise<void> {
  const { access, constants, stat } = await import('node:fs/promises');
  const { dirname, resolve } = await import('node:path');
  let there = resolve(path);
  let found = await stat(there).catch(() => undefined);
  while (!found && dirname(there) !== there) {
    there = dirname(there);
    found = await stat(there).catch(() => undefined);
  }
  const isItself = there === resolve(path);
  if (!found?.isDirectory())
    throw new UsageError(`${path}: expected a folder; found a file${isItself ? '' : ` at ${there}`}`);
  await access(there, constants.W_OK).catch(() => {
    throw new UsageError(`${path}: expected a folder that may be written; found no permission at ${there}`);
  });
}

/** Makes the folder of results where there is none. Throws UsageError where it cannot be made. */
export async function makeFolder(path: string): Promise<void> {
  const { mkdir } = await import('node:fs/promises');
  await checkFolderPlace(path);
  await mkdir(path, { recursive: true });
}

/** Throws UsageError where one of these files cannot be written, or two of them are the same file. */
export async function checkDestinations(paths: readonly string[]): Promise<void> {
  const { access, constants, realpath, stat } = await import('node:fs/promises');
  const { basename, dirname, join } = await import('node:path');
  const { refuseSpecialFile } = await import('../disk/write-set.js');
  const seen = new Set<string>();
  for (const path of paths) {
    const folder = dirname(path);
    if (!(await stat(folder).catch(() => undefined))?.isDirectory())
      throw new UsageError(`${path}: expected a folder to write to; found none at ${folder}`);
    await access(folder, constants.W_OK).catch(() => {
      throw new UsageError(`${path}: expected a folder that may be written; found no permission at ${folder}`);
    });
    try {
      refuseSpecialFile(path);
    } catch (error) {
      throw error instanceof ModelError ? new UsageError(error.message) : error;
    }
    const full = join(await realpath(folder), basename(path));
    if (seen.has(full))
      throw new UsageError(`${path}: expected a path of its own; found that of another file of the result`);
    seen.add(full);
  }
}

/** Throws UsageError where one of these paths is a file of the input model. */
export async function keepFiles(files: readonly string[], paths: readonly string[]): Promise<void> {
  const { realpath } = await import('node:fs/promises');
  const real = (path: string): Promise<string | undefined> => realpath(path).catch(() => undefined);
  const kept = new Set(await Promise.all(files.map(real)));
  for (const path of paths) {
    const there = await real(path);
    if (there !== undefined && kept.has(there))
      throw new UsageError(`${path}: expected another path than the input's. Use --force to overwrite the input`);
  }
}
