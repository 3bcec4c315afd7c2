/** The report of a folder as files: JSON, and the pictures of both pipelines beside each other. */
import { basename } from 'node:path';
import { writeSet } from '../disk/write-set.js';
import { jsonText } from '../ir/text/shown-text.js';
import { writeText } from '../job/destination.js';
import type { FolderReport, PipelineProof } from '../run/folder-report.js';
import { type Picture, sideBySide } from './proof/diffusion/picture.js';

/** Writes the report, and with it, ending in .png, the pictures of this run, which it names. */
export async function writeFolderReport(
  path: string | undefined,
  report: FolderReport,
  pictures?: readonly [Picture, Picture],
): Promise<FolderReport> {
  if (path === undefined) return report;
  const { proof } = report;
  const file = path.replace(/\.json$/, '.png');
  if (pictures) {
    const { encode } = await import('fast-png');
    const png = encode({ ...sideBySide(...pictures), channels: 4, depth: 8 });
    await writeSet({ path: file, content: () => [png] });
  }
  const named: FolderReport =
    pictures && proof?.diffusion?.image
      ? { ...report, proof: { ...proof, diffusion: withPicture(proof.diffusion, basename(file)) } }
      : report;
  await writeText({ path, text: jsonText(named) });
  return named;
}

type Diffusion = NonNullable<PipelineProof['diffusion']>;

const withPicture = ({ image, ...rest }: Diffusion, file: string): Diffusion => ({
  ...rest,
  ...(image && { image: { ...image, file } }),
});
