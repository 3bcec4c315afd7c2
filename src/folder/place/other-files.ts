/** The files of a folder that are no models: copied, with what loaders read of data files brought up to date. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, posix } from 'node:path';
import type { PartReport } from '../../run/folder-report.js';
import type { FolderJob } from '../parts/folder-job.js';
import { withDataFiles } from './loader-config.js';
import { copy, isCopy } from './staging.js';

/** Stages them, unless the folder of the result has them; gives those that were changed. `parts` have their files. */
export async function copyOthers(
  others: readonly string[],
  { input, out, staging }: Pick<FolderJob, 'input' | 'out' | 'staging'>,
  parts: readonly PartReport[],
): Promise<string[]> {
  const changed: string[] = [];
  for (const path of others) {
    const beside = basename(path) === 'config.json' ? posix.join(dirname(path), 'onnx') : undefined;
    const models = parts.filter((part) => dirname(part.path) === beside);
    const counts = Object.fromEntries(models.map(({ path: of, files = [] }) => [basename(of), files.length - 1]));
    const updated = models.length > 0 ? withDataFiles(await readFile(join(input, path), 'utf8'), counts) : undefined;
    if (updated !== undefined) {
      changed.push(path);
      if (updated === (await readFile(join(out, path), 'utf8').catch(() => ''))) continue;
      await mkdir(dirname(join(staging, path)), { recursive: true });
      await writeFile(join(staging, path), updated);
    } else if (!(await isCopy(join(out, path), join(input, path)))) await copy(join(input, path), join(staging, path));
  }
  return changed;
}
