/** The report of a folder as files: a page, or JSON and the pictures of both pipelines beside each other. */
import { basename } from 'node:path';
import { writeSet } from '../disk/write-set.js';
import { jsonText } from '../ir/text/shown-text.js';
import { writeText } from '../job/destination.js';
import { folderHtml } from '../report/html/report-html.js';
import type { FolderReport, PipelineProof } from '../run/folder-report.js';
import { type Picture, sideBySide } from './proof/diffusion/picture.js';

/** Writes the report. The pictures of this run are in the page, or beside the JSON, which names them: their file ends in .png. */
export async function writeFolderReport(
  path: string | undefined,
  report: FolderReport,
  pictures?: readonly [Picture, Picture],
): Promise<FolderReport> {
  if (path === undefined) return report;
  const picture = pictures && (await pngOf(pictures));
  if (path.endsWith('.html')) {
    await writeText({ path, text: await folderHtml(report, { picture }) });
    return report;
  }
  const { proof } = report;
  const file = path.replace(/\.json$/, '.png');
  if (picture) await writeSet({ path: file, content: () => [picture] });
  const named: FolderReport =
    picture && proof?.diffusion?.image
      ? { ...report, proof: { ...proof, diffusion: withPicture(proof.diffusion, basename(file)) } }
      : report;
  await writeText({ path, text: jsonText(named) });
  return named;
}

async function pngOf(pictures: readonly [Picture, Picture]): Promise<Uint8Array> {
  const { encode } = await import('fast-png');
  return encode({ ...sideBySide(...pictures), channels: 4, depth: 8 });
}

type Diffusion = NonNullable<PipelineProof['diffusion']>;

const withPicture = ({ image, ...rest }: Diffusion, file: string): Diffusion => ({
  ...rest,
  ...(image && { image: { ...image, file } }),
});
