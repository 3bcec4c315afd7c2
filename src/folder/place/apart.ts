/** Checks that the result's folder and what is read lie apart: a run that reads what it writes ends nowhere. */
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { UsageError } from '../../ir/text/usage-error.js';

/** Throws UsageError where one of the two folders is the other or lies in it, and where there is none to read. */
export async function checkApart(input: string, out: string): Promise<void> {
  const found = await stat(input).catch(() => undefined);
  if (!found?.isDirectory()) throw new UsageError(`${input}: expected a folder; found ${found ? 'a file' : 'none'}`);
  const [from, to] = [await realpath(input), await realPlace(resolve(out))];
  if (isIn(from, to) || isIn(to, from))
    throw new UsageError(`${out}: expected a folder apart from ${input}; found one in the other. Name it with --out`);
}

/** Throws UsageError where one of the files lies in the folder of the result. */
export async function checkFilesApart(files: readonly string[], out: string): Promise<void> {
  const to = await realPlace(resolve(out));
  for (const file of files)
    if (isIn(await realpath(file), to))
      throw new UsageError(
        `${out}: expected a folder without ${file}, which is read; found one that holds it. Name another with --out`,
      );
}

/** True for the folder and what lies in it, by absolute paths; that of a drive or of `/` ends in a separator. */
export const isIn = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);

/** The path with all links followed, of which the end need not exist. */
async function realPlace(path: string): Promise<string> {
  const found = await realpath(path).catch(() => undefined);
  return found ?? (dirname(path) === path ? path : join(await realPlace(dirname(path)), basename(path)));
}
