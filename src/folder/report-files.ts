/** The report of a folder as files: JSON, and the pictures of both pipelines beside each other. */

import { writeSet } from '../disk/write-set.js';
import { jsonText } from '../ir/text/shown-text.js';
import { writeText } from '../job/destination.js';
import type { FolderReport } from '../run/folder-report.js';
import { type Picture, sideBySide } from './proof/picture.js';

/** Writes the report, and with it, ending in .png, the pictures of this run. */
export async function writeFolderReport(
  path: string | undefined,
  report: FolderReport,
  pictures?: readonly [Picture, Picture],
): Promise<void> {
  if (path === undefined) return;
  if (pictures) {
    const { encode } = await import('fast-png');
    const png = encode({ ...sideBySide(...pictures), channels: 4, depth: 8 });
    await writeSet({ path: path.replace(/\.json$/, '.png'), content: () => [png] });
  }
  await writeText({ path, text: jsonText(report) });
}
