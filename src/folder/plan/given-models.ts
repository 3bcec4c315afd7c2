/** What is optimized: a folder, or several files as the parts of one. */
import { readdir, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { UsageError } from '../../ir/text/usage-error.js';
import { RECORD } from '../parts/record.js';
import { checkApart, checkFilesApart, isIn } from '../place/apart.js';
import { filesIn } from '../place/staging.js';
import { type FolderLayout, layoutOf } from './layout.js';

export interface GivenModels {
  /** The folder that all paths are in. */
  readonly folder: string;
  readonly layout: FolderLayout;
  /** Files in it, models among them; of single files those beside them. */
  readonly paths: readonly string[];
  /** True for a folder: what is no model is copied then. */
  readonly isFolder: boolean;
}

/** The models of a folder, or of files and patterns such as `exports/*.onnx`. Throws UsageError where there is none, and where `out` is no place for results. */
export async function givenModels(input: string | readonly string[], out: string): Promise<GivenModels> {
  if (typeof input === 'string') {
    await checkApart(input, out);
    const paths = (await filesIn(input)).filter((path) => path !== RECORD);
    const layout = layoutOf(paths);
    if (layout.parts.length === 0) throw new UsageError(`${input}: expected a folder with models (*.onnx); found none`);
    return { folder: input, layout, paths, isFolder: true };
  }
  const files = await modelFiles(input);
  await checkFilesApart(files, out);
  const folder = commonFolder(files.map((file) => dirname(resolve(file))));
  const inFolder = (file: string): string => relative(folder, resolve(file)).split(sep).join('/');
  const folders = [...new Set(files.map((file) => dirname(file)))];
  const beside = await Promise.all(
    folders.map(async (one) => (await readdir(one)).map((name) => inFolder(join(one, name)))),
  );
  return { folder, layout: layoutOf(files.map(inFolder)), paths: beside.flat().sort(), isFolder: false };
}

/** True for a pattern rather than the path of a file: one that is there is what it says. */
export const isPattern = async (word: string): Promise<boolean> =>
  isDynamicPattern(word) && !(await stat(word).catch(() => undefined));

/** The files that paths and patterns mean, each once. Throws UsageError for what is no model. */
export async function modelFiles(words: readonly string[]): Promise<string[]> {
  const found = new Map<string, string>();
  for (const word of words) {
    const matched = (await isPattern(word)) ? await matching(word) : [word];
    for (const file of matched) {
      const kind = await stat(file).catch(() => undefined);
      if (!kind?.isFile())
        throw new UsageError(
          `${file}: expected a model file; found ${kind ? 'a folder. Optimize a folder by itself' : 'none'}`,
        );
      if (!/\.onnx$/i.test(file)) throw new UsageError(`${file}: expected a name ending in .onnx; found another`);
      found.set(resolve(file), file);
    }
  }
  return [...found.values()];
}

async function matching(pattern: string): Promise<string[]> {
  const found = await glob(pattern.split(sep).join('/'), { onlyFiles: true, expandDirectories: false });
  const models = found.filter((file) => /\.onnx$/i.test(file)).sort();
  if (models.length === 0)
    throw new UsageError(
      `${pattern}: expected models that match; found ${found.length === 0 ? 'no file' : `${found.length} files, none ending in .onnx`}`,
    );
  return models;
}

/** The deepest folder that holds all of these. */
function commonFolder(folders: readonly string[]): string {
  const [first = sep, ...rest] = folders;
  let common = first;
  while (!rest.every((one) => isIn(one, common))) common = dirname(common);
  return common;
}
