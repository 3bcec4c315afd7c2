/** The plugin for Vite: builds, its dev server and SSR all take the file as an asset of Vite's own. `onnx-passes/vite`. */
import { importingText, optimizedModel } from './model-import.js';
import { expectOptions, isModelImport, type ModelImportOptions } from './options.js';
import { type RollupPlugin, resolving } from './rollup.js';

export type { ModelImportOptions } from './options.js';

export default function onnxPasses(options: ModelImportOptions = {}): RollupPlugin & { readonly enforce: 'pre' } {
  expectOptions(options);
  return {
    ...resolving,
    // Before Vite's own plugins, which know only assets that nobody changes.
    enforce: 'pre',
    async load(id) {
      if (!isModelImport.test(id)) return undefined;
      const made = await optimizedModel(id, options);
      for (const path of made.sources) this.addWatchFile(path);
      return importingText(made, '?url');
    },
  };
}
