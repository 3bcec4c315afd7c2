/** Optimizes every model of a folder into another folder, which its loader loads like the first. */
import { resolve } from 'node:path';
import { abortable } from '../abortable.js';
import { optionsIn } from '../ir/options/options.js';
import { UsageError } from '../ir/text/usage-error.js';
import type { FolderReport } from '../run/folder-report.js';
import type { PassesLike } from '../run/parse.js';
import { type FolderOptions, folderSchema } from './folder-options.js';
import { runFolder } from './folder-run.js';
import { checkFolder } from './place/staging.js';

/**
 * Optimizes every model of a folder; all else is copied. A list of files, or of patterns such as `exports/*.onnx`, is taken for the parts of a folder.
 * The report says what became of each part: where one failed, nothing is written, and what was made is kept for the next run. Throws UsageError for
 * options that are wrong, and where there are no models.
 */
export async function optimizeFolder(
  input: string | readonly string[],
  passes: PassesLike,
  options: FolderOptions,
): Promise<FolderReport> {
  const checked = optionsIn(folderSchema, options, 'optimizeFolder') as FolderOptions;
  if (!checked.out) throw new UsageError('optimizeFolder: out: expected the path of a folder; found none');
  return abortable(checked.signal, async () => {
    if (checked.dryRun) return runFolder(input, passes, checked);
    await checkFolder(checked.out, checked.force);
    const { takeTurn } = await import('../disk/turn.js');
    const turn = await takeTurn(resolve(checked.out), checked.signal);
    try {
      return await runFolder(input, passes, checked);
    } finally {
      turn.end();
    }
  });
}
