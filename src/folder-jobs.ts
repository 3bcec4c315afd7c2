/** Jobs on folders and on this machine, loaded when they are called: none of them works in a browser. */

import type { FolderOptions } from './folder/folder-options.js';
import type { MergedFiles, MergeOptions } from './folder/merge-files.js';
import type { FolderReport } from './run/folder-report.js';
import type { PassesLike } from './run/parse.js';
import type { ProviderProbe } from './runtime/providers.js';

/** The providers that work on this machine, and the reasons that the others do not. */
export async function probeProviders(): Promise<ProviderProbe[]> {
  return (await import('./runtime/providers.js')).probeProviders();
}

/** Optimizes a folder of models, part by part, into another folder, or a list of files and patterns as the parts of one; see `optimizeFolder` in src/folder for what it throws. */
export async function optimizeFolder(
  input: string | readonly string[],
  passes: PassesLike,
  options: FolderOptions,
): Promise<FolderReport> {
  return (await import('./folder/optimize-folder.js')).optimizeFolder(input, passes, options);
}

/** Merges the files of a decoder and of the one that reads its cache into one file; see `mergeDecoderFiles` in src/folder for what it throws. */
export async function mergeDecoderFiles(
  decoder: string,
  withPast: string,
  options: MergeOptions = {},
): Promise<MergedFiles> {
  return (await import('./folder/merge-files.js')).mergeDecoderFiles(decoder, withPast, options);
}
