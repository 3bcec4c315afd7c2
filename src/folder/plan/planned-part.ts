/** The plan of every part of a folder, with the files and bytes that it has and is expected to have. */
import { realpath } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { ModelError } from '../../ir/text/errors.js';
import { summarize } from '../../ir/whole-model/summary.js';
import { bytesOf, readSource } from '../../job/source.js';
import type { PartReport } from '../../run/folder-report.js';
import type { Catalogue } from '../../run/parse.js';
import type { Pass } from '../../run/pass.js';
import type { Config } from '../../settings/config.js';
import { expectedOf } from './expected.js';
import type { GivenModels } from './given-models.js';
import { type FolderLayout, type FolderPart, folderOf } from './layout.js';
import { type PartPlan, type PartSettings, partPlan } from './part-plan.js';

export interface PlannedPart {
  readonly plan: PartPlan;
  /** Paths in the input folder: the model, and its data files. */
  readonly files: readonly string[];
  /** Of its file of weights in the result, if it gets one: no other file of the folder has it. */
  readonly dataName: string;
  readonly report: PartReport;
  /** True for a decoder beside another one: their weights are the same, and stored once. */
  readonly hasTwin: boolean;
  /** Names of the model's inputs. */
  readonly inputs: readonly string[];
}

export interface AskedOfParts {
  readonly asked: readonly Pass[];
  readonly settings: PartSettings;
  readonly catalogue: Catalogue;
}

/** Reads each model, without its weights, and plans what to do with it. One that cannot be read has failed. */
export async function planned(
  { folder, layout, paths }: GivenModels,
  { asked, settings, catalogue }: AskedOfParts,
  options: Pick<Config, 'allowOutsideData' | 'budget'>,
): Promise<PlannedPart[]> {
  const inFolder = await pathsIn(folder, paths);
  const plans: PlannedPart[] = [];
  for (const part of layout.parts) {
    const path = join(folder, part.path);
    try {
      const { original, files } = await readSource(path, options);
      const plan = partPlan(part, original, asked, settings, catalogue);
      const inputBytes = await bytesOf(files);
      const { passes, reasons } = plan;
      plans.push({
        plan,
        dataName: '',
        hasTwin: hasTwin(part, layout),
        inputs: original.graph.inputs.map(({ name }) => name),
        files: await inFolder(files),
        report: {
          ...part,
          state: 'planned',
          reasons: [...reasons],
          inputBytes,
          ...(passes && {
            passes: namesOf(passes),
            ...expectedOf(summarize(original), passes, inputBytes),
          }),
        },
      });
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      const report: PartReport = {
        ...part,
        state: 'failed',
        reasons: [],
        inputBytes: await bytesOf([path]),
        reason: error.message,
      };
      plans.push({ plan: { part, reasons: [] }, files: [part.path], dataName: '', hasTwin: false, inputs: [], report });
    }
  }
  return plans.map((one) => ({ ...one, dataName: dataNameOf(one, plans, paths) }));
}

/** True where another decoder is in the same folder. A loader that finds data files by the name of the model alone shares none. */
function hasTwin({ path, role }: FolderPart, { kind, parts }: FolderLayout): boolean {
  const isDecoder = (one: FolderPart): boolean => ['decoder', 'decoder with past', 'merged decoder'].includes(one.role);
  const others = parts.filter((one) => one.path !== path && isDecoder(one) && folderOf(one.path) === folderOf(path));
  return kind !== 'transformers.js' && isDecoder({ path, name: '', role }) && others.length > 0;
}

/** Finds files by their path in a folder, links followed: a cache of downloads consists of links to files elsewhere. */
async function pathsIn(
  input: string,
  paths: readonly string[],
): Promise<(files: readonly string[]) => Promise<string[]>> {
  const byReal = new Map<string, string>();
  for (const path of paths) byReal.set(await realpath(join(input, path)), path);
  const known = new Set(paths);
  return async (files) => {
    const found = new Set<string>();
    for (const file of files) {
      const path = relative(resolve(input), resolve(file)).split(sep).join('/');
      const own = known.has(path) || !/^\.\.(\/|$)/.test(path) ? path : byReal.get(await realpath(file));
      if (own === undefined)
        throw new ModelError(
          file,
          'weights in the folder of the pipeline',
          'a file outside of it',
          'Copy it into the folder',
        );
      found.add(own);
    }
    return [...found];
  };
}

/** The name that loaders expect, unless another file of the folder has it, or another model reads it. */
function dataNameOf(one: PlannedPart, plans: readonly PlannedPart[], paths: readonly string[]): string {
  const { path } = one.plan.part;
  const others = paths.filter(
    (file) => !one.files.includes(file) || plans.some((other) => other !== one && other.files.includes(file)),
  );
  let ending = '_data';
  while (others.some((file) => file.startsWith(path + ending))) ending = `.opt${ending}`;
  return basename(path) + ending;
}

const namesOf = (passes: readonly Pass[]): string => passes.map(({ definition }) => definition.name).join(',');
