/** The plugin for Rollup: emits model and data as assets. `onnx-passes/rollup`. */
import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { moduleText, optimizedModel } from './model-import.js';
import { expectOptions, isModelImport, type ModelImportOptions } from './options.js';

export type { ModelImportOptions } from './options.js';

/** What is used of Rollup's context. */
interface Context {
  resolve(
    source: string,
    importer: string | undefined,
    options: { readonly skipSelf: boolean },
  ): Promise<{ readonly id: string } | null>;
  addWatchFile(path: string): void;
  emitFile(file: { type: 'asset'; name: string; source: Uint8Array }): string;
}

/** A plugin as Rollup and Vite take it. */
export interface RollupPlugin {
  readonly name: string;
  resolveId(this: Context, source: string, importer: string | undefined): Promise<string | undefined>;
  load(this: Context, id: string): Promise<string | undefined>;
}

/** Where the bundler itself finds the file: beside the module that imports it, by an alias, in a package, below Vite's root. The query stays. */
export const resolving: Pick<RollupPlugin, 'name' | 'resolveId'> = {
  name: 'onnx-passes',
  async resolveId(source, importer) {
    if (!isModelImport.test(source)) return undefined;
    const at = source.indexOf('?');
    const found = await this.resolve(source.slice(0, at), importer, { skipSelf: true });
    // What is not found is named where it was looked for.
    return `${found?.id ?? resolve(importer ? dirname(importer) : '.', source.slice(0, at))}${source.slice(at)}`;
  },
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
