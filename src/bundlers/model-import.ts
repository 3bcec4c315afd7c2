/** Optimizes a model that a module imports, once for the same bytes: results are kept by a digest of everything they depend on. */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { contractOf } from '../contract/contract.js';
import { digestOf, sourceRecordOf } from '../folder/parts/record.js';
import { optimizeFile } from '../job/optimize-file.js';
import { readModel } from '../onnx/read.js';
import { machineOf, versionsOf } from '../run/machine.js';
import { probedVersions, useProbed } from '../runtime/kernels/probe/kept.js';
import { type ModelImport, type ModelImportOptions, modelImportOf } from './options.js';

/** A result, and what its module exports beside its address. */
export interface OptimizedModel {
  readonly model: string;
  /** Data files, with their names in the model. */
  readonly data: readonly { readonly name: string; readonly path: string }[];
  readonly inputs: readonly unknown[];
  readonly outputs: readonly unknown[];
  /** The files that it was made of. */
  readonly sources: readonly string[];
}

/** The name of the file that makes a folder of the cache valid: it is written last. */
const DONE = 'result.json';

/** Work that goes on, by folder: two builds of one process (client and server) wait for the same. */
const going = new Map<string, Promise<OptimizedModel>>();

/** Rejects with GateError where the result breaks a gate: the build fails, with the reason, which begins with the import. */
export async function optimizedModel(id: string, options: ModelImportOptions): Promise<OptimizedModel> {
  const asked = modelImportOf(id);
  try {
    return await keptOrMade(asked, options);
  } catch (error) {
    if (error instanceof Error) error.message = `${nameOf(asked)}?passes=${asked.passes}: ${error.message}`;
    throw error;
  }
}

const nameOf = ({ path }: ModelImport): string => relative(process.cwd(), path);

async function keptOrMade(asked: ModelImport, options: ModelImportOptions): Promise<OptimizedModel> {
  const sources: string[] = [];
  await readModel(asked.path, { ...pick(options), onFile: (path) => sources.push(path) });
  const folder = join(
    resolve(options.cache ?? 'node_modules/.cache/onnx-passes'),
    await keyOf(asked, sources, options),
  );
  const kept = await read(join(folder, DONE));
  if (kept) return { ...kept, sources };
  const begun = going.get(folder) ?? make(asked, folder, options).finally(() => going.delete(folder));
  going.set(folder, begun);
  return { ...(await begun), sources };
}

const pick = ({ optimize = {} }: ModelImportOptions) => ({
  allowOutsideData: optimize.allowOutsideData,
  budget: optimize.budget,
});

/** The bytes of model and data, what is asked for, the version, and the machine: kernels and int8 depend on the CPU. */
async function keyOf({ passes, target }: ModelImport, sources: readonly string[], { optimize }: ModelImportOptions) {
  const hashes = await Promise.all(sources.map(async (path) => (await sourceRecordOf(path)).sha256));
  const machine = await machineOf();
  return digestOf([
    hashes,
    passes,
    target,
    optimize,
    await versionsOf(),
    probedVersions(await useProbed()),
    machine?.arch,
    machine?.cpu,
  ]).slice(0, 32);
}

async function read(path: string): Promise<OptimizedModel | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as OptimizedModel;
  } catch {
    return undefined;
  }
}

async function make(asked: ModelImport, folder: string, options: ModelImportOptions): Promise<OptimizedModel> {
  const say = options.onProgress ?? ((what) => process.stderr.write(`onnx-passes: ${what}\n`));
  const name = nameOf(asked);
  say(`${name}: optimizing (${asked.passes})`);
  const began = performance.now();
  // What an interrupted build left is not a result.
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const { output } = await optimizeFile(asked.path, asked.passes, {
    speed: false,
    ...options.optimize,
    ...(asked.target && { target: asked.target }),
    out: join(folder, 'model.onnx'),
    onProgress: options.onProgress && ((what) => options.onProgress?.(`${name}: ${what}`)),
  });
  const [model = '', ...data] = output?.files ?? [];
  const { inputs, outputs } = contractOf(await readModel(model));
  const made = {
    model,
    data: data.map((path) => ({ name: relative(folder, path), path })),
    inputs,
    outputs,
    sources: [],
  };
  await writeFile(join(folder, `${DONE}.new`), JSON.stringify(made));
  await rename(join(folder, `${DONE}.new`), join(folder, DONE));
  say(`${name}: done in ${Math.round((performance.now() - began) / 100) / 10} s`);
  return made;
}

/**
 * The text of a module: `default` is the address of the model, `externalData` what a session needs beside it, as onnxruntime-web takes it, and `inputs`
 * and `outputs` its ports. `address` gives an expression for a file, `head` imports.
 */
export function moduleText(
  { model, data, inputs, outputs }: OptimizedModel,
  address: (path: string) => string,
  head = '',
): string {
  const beside = data.map(({ name, path }) => `{ path: ${JSON.stringify(name)}, data: ${address(path)} }`);
  return [
    head,
    `export default ${address(model)};`,
    `export const externalData = [${beside.join(', ')}];`,
    `export const inputs = ${JSON.stringify(inputs)};`,
    `export const outputs = ${JSON.stringify(outputs)};`,
    '',
  ].join('\n');
}

/** The same, each file imported as an asset of the bundler: `suffix` is what its imports of an address end in. */
export function importingText(made: OptimizedModel, suffix: string): string {
  const paths = [made.model, ...made.data.map(({ path }) => path)];
  const head = paths.map((path, i) => `import file${i} from ${JSON.stringify(path.replaceAll('\\', '/') + suffix)};`);
  return moduleText(made, (path) => `file${paths.indexOf(path)}`, head.join('\n'));
}
