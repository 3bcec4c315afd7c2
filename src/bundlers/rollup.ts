/** The plugin for Rollup: emits model and data as assets. `onnx-passes/rollup`. */
import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { moduleText, optimizedModel } from './model-import.js';
import { expectOptions, isModelImport, type ModelImportOptions } from './options.js';

export type { ModelImportOptions } from './options.js';

/** What is used of Rollup's context. */
interface Context {
  addWatchFile(path: string): void;
  emitFile(file: { type: 'asset'; name: string; source: Uint8Array }): string;
}

/** A plugin as Rollup and Vite take it. */
export interface RollupPlugin {
  readonly name: string;
  resolveId(source: string, importer: string | undefined): string | undefined;
  load(this: Context, id: string): Promise<string | undefined>;
}

/** A path relative to the module that imports it; the query stays. */
export const resolving = {
  name: 'onnx-passes',
  resolveId: (source: string, importer: string | undefined): string | undefined =>
    isModelImport.test(source) ? resolve(importer ? dirname(importer) : '.', source) : undefined,
};

export default function onnxPasses(options: ModelImportOptions = {}): RollupPlugin {
  expectOptions(options);
  return {
    ...resolving,
    async load(id) {
      if (!isModelImport.test(id)) return undefined;
      const made = await optimizedModel(id, options);
      for (const path of made.sources) this.addWatchFile(path);
      const emitted = new Map<string, string>();
      for (const path of [made.model, ...made.data.map((one) => one.path)])
        emitted.set(path, this.emitFile({ type: 'asset', name: basename(path), source: await readFile(path) }));
      return moduleText(made, (path) => `import.meta.ROLLUP_FILE_URL_${emitted.get(path)}`);
    },
  };
}
