/** `optimize report folder.json -o folder.html`: a folder's report as a page, with the pictures that lie beside it. */
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UsageError } from '../../../src/ir/text/usage-error.js';
import { folderHtml } from '../../../src/report/html/report-html.js';
import { readFolderReport } from '../../../src/run/read-folder-report.js';

/** Undefined where the file holds the report of one model, or no JSON. */
export async function folderPageOf(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8');
  if (!/^\s*\{/.test(text)) return undefined;
  const data = parsed(text);
  if (typeof data !== 'object' || data === null || !('parts' in data)) return undefined;
  try {
    const report = readFolderReport(data);
    const file = report.proof?.diffusion?.image?.file;
    return await folderHtml(report, {
      picture: file === undefined ? undefined : await pngAt(join(dirname(path), basename(file))),
    });
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(`${path}: ${error.message}`) : error;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const PNG = [0x89, 0x50, 0x4e, 0x47];

/** The bytes of a PNG; undefined where there is none. */
async function pngAt(path: string): Promise<Uint8Array | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  return bytes && PNG.every((byte, at) => bytes[at] === byte) ? bytes : undefined;
}
