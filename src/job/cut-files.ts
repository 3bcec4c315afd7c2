/** Writes parts of a model file as files: the part between some values, or a chain of parts with its contract. */

import { chainSchema } from '../cut/chain.js';
import type { NamedPart } from '../cut/extract.js';
import { extractModel } from '../cut/extract.js';
import { splitModel } from '../cut/split.js';
import type { Model } from '../ir/model.js';
import { modelFile, writeModelSet } from '../onnx/write.js';
import type { Config } from '../settings/config.js';
import { checkDestinations, checkFolderPlace, keepFiles, makeFolder } from './destination.js';
import { readSource } from './source.js';

export interface CutSettings extends Pick<Config, 'allowOutsideData' | 'budget'> {
  /** Path of the result; of a chain, its folder. */
  readonly out?: string | undefined;
  /** Lets a result overwrite its input. */
  readonly force?: boolean;
}

/** A part that was written. */
export interface WrittenPart {
  readonly file: string;
  /** Bytes of the file and its data. */
  readonly bytes: number;
  readonly nodes: number;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** Extracts a part of a file. Texts of several values, joined by commas, are taken for one name where a value has it. */
export async function extractFile(
  input: string,
  { from, to, ...settings }: CutSettings & NamedPart,
): Promise<WrittenPart & { readonly needed: readonly string[] }> {
  const { out = `${stemOf(input)}.part.onnx` } = settings;
  await checkDestinations([out]);
  const { original, files } = await readSource(input, settings);
  if (!settings.force) await keepFiles(files, [out]);
  const { model, needed } = extractModel(original, {
    from: from && namesIn(original, from),
    to: to && namesIn(original, to),
  });
  const { bytes } = await writeModelSet(model, out, {});
  return { ...partOf(model, out, bytes), needed };
}

const stemOf = (path: string): string => path.replace(/\.onnx$/, '');

function namesIn(model: Model, texts: readonly string[]): string[] {
  const known = new Set<string>(model.graph.outputPorts.map(({ name }) => name));
  for (const value of model.graph.values()) known.add(value.name);
  return texts.flatMap((text) => (known.has(text) ? [text] : text.split(',').flatMap((name) => name.trim() || [])));
}

const partOf = ({ graph }: Model, file: string, bytes: number): WrittenPart => ({
  file,
  bytes,
  nodes: graph.nodeSet.size,
  inputs: graph.inputs.map(({ name }) => name),
  outputs: graph.outputPorts.map(({ name }) => name),
});

/** Splits a file into a chain of files in a folder, which appear together with their contract; parts that only the old contract there names are removed. */
export async function splitFile(
  input: string,
  { blocks = 2, ...settings }: CutSettings & { readonly blocks?: number | undefined },
): Promise<{ readonly parts: readonly WrittenPart[]; readonly contract: string }> {
  const { basename, join } = await import('node:path');
  const { out = `${stemOf(input)}.parts` } = settings;
  await checkFolderPlace(out);
  const { original, files } = await readSource(input, settings);
  const stem = stemOf(basename(input));
  const fileOf = (part: number): string => `${stem}.${part + 1}.onnx`;
  const { models, chain } = splitModel(original, blocks, fileOf);
  await makeFolder(out);
  const contract = join(out, `${stem}.chain.json`);
  const paths = models.map((_, part) => join(out, fileOf(part)));
  await checkDestinations([...paths, contract]);
  if (!settings.force) await keepFiles(files, [...paths, contract]);
  const { writeSet } = await import('../disk/write-set.js');
  const { mentions } = await import('../onnx/checks/mentions.js');
  const written = await writeSet({
    path: contract,
    content: () => [new TextEncoder().encode(`${JSON.stringify(chain, undefined, 2)}\n`)],
    parts: models.map((model, part) => modelFile(model, paths[part] as string)),
    obsolete: await obsoleteParts(contract, stem, [...paths, ...files]),
    mentions,
  });
  const parts = models.map((model, part) => partOf(model, paths[part] as string, written.parts[part]?.bytes ?? 0));
  return { parts, contract };
}

/** Parts that a chain's old contract names, in names that a split gives, but those kept. */
async function obsoleteParts(contract: string, stem: string, kept: readonly string[]): Promise<string[]> {
  const { readFile, realpath } = await import('node:fs/promises');
  const { dirname, join } = await import('node:path');
  const real = (path: string): Promise<string> => realpath(path).catch(() => path);
  const old = await readFile(contract, 'utf8')
    .then(JSON.parse)
    .catch(() => undefined);
  const named = chainSchema.safeParse(old).data?.parts ?? [];
  const keptFiles = new Set(await Promise.all(kept.map(real)));
  const removed: string[] = [];
  for (const [part, { file }] of named.entries()) {
    const path = join(dirname(contract), file);
    if (file === `${stem}.${part + 1}.onnx` && !keptFiles.has(await real(path))) removed.push(path);
  }
  return removed;
}
