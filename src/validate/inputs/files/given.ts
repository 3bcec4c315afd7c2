/** Reads sets of inputs from files: lists the sets under a path, and reads each for a model. */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { named } from '../../../ir/collections/named.js';
import type { Model } from '../../../ir/model.js';
import { ModelError } from '../../../ir/text/errors.js';
import type { Value } from '../../../ir/value.js';
import type { TensorData } from '../../../runtime/isolate.js';
import { type Feeds, shapesText } from '../feeds.js';
import { fitted } from './fit.js';
import { readJson, tensorFrom } from './json.js';
import { readNpy } from './npy.js';
import { inputFiles, readPb } from './pb.js';
import { zipEntries } from './zip.js';

/** One set. It is read on request: hundreds may not fit into memory. */
export interface GivenSet {
  readonly path: string;
  /** Throws ModelError where it does not fit the model. `isRounded`: the model is an intermediate one, whose ports may be narrower. */
  read(model: Model, isRounded?: boolean): Feeds;
}

/** Tensors of a set with what the file tells; the port adds its type and shape. */
type SetSource = (model: Model) => Iterable<readonly [name: string, place: string, (port: Value) => TensorData]>;

const expected =
  'test_data_set_* with .pb files, .npz archives, .npy files by the name of the input, .json files, or folders of those';

/**
 * The sets under a path, in order of their names: a file `.npz`, `.json` or `.npy`; a folder that is a set itself
 * (`input_0.pb` …, or `.npy` files named after inputs, with `.json` beside them); a folder of such files and folders.
 * Throws ModelError where there is none.
 */
export function givenSets(path: string): GivenSet[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new ModelError(path, expected, 'nothing there');
  const sets = found.isDirectory() ? setsIn(path) : [fileSet(path) ?? []].flat();
  if (sets.length) return sets;
  throw new ModelError(path, expected, found.isDirectory() ? 'none of them' : `a file "${extname(path)}"`);
}

const collator = new Intl.Collator('en', { numeric: true });

function setsIn(folder: string): GivenSet[] {
  const own = folderSet(folder);
  if (own) return [own];
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => collator.compare(a.name, b.name));
  const folders = entries.filter((entry) => statSync(join(folder, entry.name)).isDirectory()).map(({ name }) => name);
  const tests = folders.filter((name) => /^test_data_set_\d+$/.test(name));
  if (tests.length)
    return tests.map((name) => join(folder, name)).map((path) => folderSet(path) ?? setOf(path, pbSource(path)));
  return entries.flatMap(({ name }) => {
    const path = join(folder, name);
    return folders.includes(name) ? (folderSet(path) ?? filesIn(path)) : (fileSet(path) ?? []);
  });
}

const filesIn = (folder: string): GivenSet[] =>
  readdirSync(folder)
    .sort(collator.compare)
    .flatMap((file) => fileSet(join(folder, file)) ?? []);

/** The set that a folder itself is, by its files; undefined where it is none. */
function folderSet(folder: string): GivenSet | undefined {
  const files = readdirSync(folder);
  if (inputFiles(files).length) return setOf(folder, pbSource(folder));
  const arrays = files.filter((file) => file.endsWith('.npy'));
  return arrays.length ? setOf(folder, filesSource(folder, files)) : undefined;
}

function fileSet(path: string): GivenSet | undefined {
  if (path.endsWith('.npz')) return setOf(path, npzSource(path));
  // This is for models with a single input.
  if (path.endsWith('.npy')) return setOf(path, filesSource(dirname(path), [basename(path)]));
  return path.endsWith('.json') ? setOf(path, jsonSource(path)) : undefined;
}

const setOf = (path: string, source: SetSource): GivenSet => ({
  path,
  read: (model, isRounded) => read(path, source, model, isRounded),
});

function read(path: string, source: SetSource, model: Model, isRounded = false): Feeds {
  const { inputs } = model.graph;
  const tensors = named<TensorData>();
  for (const [name, place, tensorOf] of source(model)) {
    const port = portOf(model, name, place);
    if (!port) continue;
    if (tensors[port.name]) throw new ModelError(place, `one tensor for "${port.name}"`, 'another');
    const about = `${place}: "${port.name}"`;
    tensors[port.name] = fitted(tensorOf(port), port, about, isRounded);
  }
  const missing = inputs.filter((input) => !input.defaultTensor && !tensors[input.name]);
  if (missing.length)
    throw new ModelError(path, 'a tensor for every input', `none for ${missing.map(({ name }) => name).join(', ')}`);
  return { tensors, about: `${basename(path)}: ${shapesText(tensors)}`, source: 'data' };
}

/**
 * The input of a name, in which `_` may stand for `/`. Undefined for an output's name: files keep outputs beside
 * inputs. Throws for any other name.
 */
function portOf({ graph }: Model, name: string, place: string): Value | undefined {
  const { inputs } = graph;
  const inFile = (port: string) => port.replaceAll('/', '_');
  const alike = inputs.filter((input) => inFile(input.name) === name);
  const known = inputs.find((input) => input.name === name) ?? (alike.length === 1 ? alike[0] : undefined);
  if (known || graph.outputPorts.some((port) => port.name === name || inFile(port.name) === name)) return known;
  const names = inputs.map((input) => `"${input.name}"`).join(', ');
  throw new ModelError(place, `the name of an input: ${names}`, `"${name}"`);
}

const pbSource = (folder: string): SetSource =>
  function* (model) {
    for (const [name, tensor] of readPb(folder, readdirSync(folder), model)) yield [name, folder, () => tensor];
  };

const npzSource = (path: string): SetSource =>
  function* () {
    for (const { name, bytes } of zipEntries(fileBytes(path), path))
      yield [name.replace(/\.npy$/, ''), path, () => readNpy(bytes(), `${path}: ${name}`)];
  };

const jsonSource = (path: string): SetSource =>
  function* () {
    for (const [name, value] of Object.entries(readJson(new TextDecoder().decode(fileBytes(path)), path)))
      yield [name, path, (port) => tensorFrom(value, port, `${path}: "${name}"`)];
  };

/** The arrays in a folder, and the JSON beside them. */
const filesSource = (folder: string, files: readonly string[]): SetSource =>
  function* (model) {
    for (const file of files) {
      const path = join(folder, file);
      if (file.endsWith('.npy')) yield [file.slice(0, -4), path, () => readNpy(fileBytes(path), path)];
      else if (file.endsWith('.json')) yield* jsonSource(path)(model);
    }
  };

function fileBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ModelError(path, 'a file that can be read', (error as Error).message);
  }
}
