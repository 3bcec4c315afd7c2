/** Writes parts of a model file as files: the part between some values, or a chain of parts with its contract. */

import type { NamedPart } from '../cut/extract.js';
import { extractModel } from '../cut/extract.js';
import { splitModel } from '../cut/split.js';
import type { Model } from '../ir/model.js';
import { writeModelSet } from '../onnx/write.js';
import type { Config } from '../settings/config.js';
import { checkDestinations, keepFiles } from './destination.js';
import { readSource } from './optimize-file.js';

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
  const { original, files } = await readSource(input, settings);
  await checkPaths([out], files, settings);
  const { model, needed } = extractModel(original, {
    from: from && namesIn(original, from),
    to: to && namesIn(original, to),
  });
  return { ...(await written(model, out)), needed };
}

const stemOf = (path: string): string => path.replace(/\.onnx$/, '');

async function checkPaths(paths: readonly string[], files: readonly string[], { force }: CutSettings): Promise<void> {
  await checkDestinations(paths);
  if (!force) await keepFiles(files, paths);
}

function namesIn(model: Model, texts: readonly string[]): string[] {
  const known = new Set<string>(model.graph.outputPorts.map(({ name }) => name));
  for (const value of model.graph.values()) known.add(value.name);
  return texts.flatMap((text) => (known.has(text) ? [text] : text.split(',').flatMap((name) => name.trim() || [])));
}

async function written(model: Model, path: string, beside?: Parameters<typeof writeModelSet>[3]): Promise<WrittenPart> {
  const { bytes } = await writeModelSet(model, path, {}, beside);
  const { graph } = model;
  return {
    file: path,
    bytes,
    nodes: graph.nodeSet.size,
    inputs: graph.inputs.map(({ name }) => name),
    outputs: graph.outputPorts.map(({ name }) => name),
  };
}

/** Splits a file into a chain of files in a folder; its contract appears with the last of them. */
export async function splitFile(
  input: string,
  { blocks = 2, ...settings }: CutSettings & { readonly blocks?: number | undefined },
): Promise<{ readonly parts: readonly WrittenPart[]; readonly contract: string }> {
  const { mkdir } = await import('node:fs/promises');
  const { basename, join } = await import('node:path');
  const { out = `${stemOf(input)}.parts` } = settings;
  const { original, files } = await readSource(input, settings);
  const stem = stemOf(basename(input));
  const fileOf = (part: number): string => `${stem}.${part + 1}.onnx`;
  const { models, chain } = splitModel(original, blocks, fileOf);
  await mkdir(out, { recursive: true });
  const contract = join(out, `${stem}.chain.json`);
  await checkPaths([...models.map((_, part) => join(out, fileOf(part))), contract], files, settings);
  const parts: WrittenPart[] = [];
  for (const [part, model] of models.entries()) {
    const text = `${JSON.stringify(chain, undefined, 2)}\n`;
    const beside = part === models.length - 1 ? () => [{ path: contract, text }] : undefined;
    parts.push(await written(model, join(out, fileOf(part)), beside));
  }
  return { parts, contract };
}
