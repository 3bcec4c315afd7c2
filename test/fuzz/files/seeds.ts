/** Models that files are made from: those of this repository, the node tests of ONNX, and small ones of the collections beside it. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readCases } from '../../infer/backend-cases.js';
import { collection, fixtures, modelFolders, root } from '../../models.js';

/** Larger ones would take the time of many. */
const LARGEST = 20_000;

export interface Seed {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** In an order that does not change; where `own` is set without the collections, so that a seed means the same on any machine. */
export function seedModels({ own = false }: { readonly own?: boolean } = {}): readonly Seed[] {
  const folders = [fixtures, ...(own ? [] : (['zoo', 'traps', 'cases'] as const).map(collection))].flatMap(
    modelFolders,
  );
  const hostile = own ? [] : onnxFilesIn(join(root, '..', 'shared', 'hostile'));
  const files = [...folders.map((folder) => join(folder, 'model.onnx')), ...hostile].filter(
    (path) => statSync(path).size <= LARGEST,
  );
  const cases = readCases().filter(({ model }) => model.length <= LARGEST);
  const models = files.map((path) => ({
    name: path.split('/').slice(-3).join('/'),
    bytes: new Uint8Array(readFileSync(path)),
  }));
  // The node tests are many and small: a third of the files is theirs.
  const times = Math.max(1, Math.ceil((2 * cases.length) / models.length));
  return [
    ...cases.map(({ name, model }) => ({ name, bytes: model })),
    ...Array.from({ length: times }, () => models).flat(),
  ];
}

function onnxFilesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.onnx'))
      .sort()
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}
