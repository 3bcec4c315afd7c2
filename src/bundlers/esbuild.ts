/** The plugin for esbuild: model and data go through its loader `file`. `onnx-passes/esbuild`. */
import { readFile } from 'node:fs/promises';
import { importingText, optimizedModel } from './model-import.js';
import { expectOptions, isModelImport, type ModelImportOptions } from './options.js';

export type { ModelImportOptions } from './options.js';

/** What is used of esbuild's plugin interface. */
interface Build {
  onResolve(
    filter: { filter: RegExp; namespace?: string },
    resolve: (found: { path: string; resolveDir: string }) => object | Promise<object>,
  ): void;
  resolve(
    path: string,
    options: { resolveDir: string; kind: 'import-statement' },
  ): Promise<{ readonly path: string; readonly errors: readonly object[] }>;
  onLoad(filter: { filter: RegExp; namespace: string }, load: (found: { path: string }) => Promise<object>): void;
}

export interface EsbuildPlugin {
  readonly name: string;
  setup(build: Build): void;
}

const [MODEL, FILE] = ['onnx-passes', 'onnx-passes-file'];

export default function onnxPasses(options: ModelImportOptions = {}): EsbuildPlugin {
  expectOptions(options);
  return {
    name: 'onnx-passes',
    setup({ onResolve, onLoad, resolve }) {
      // Where esbuild itself finds the file: beside the module that imports it, by an alias, in a package.
      onResolve({ filter: isModelImport }, async ({ path, resolveDir }) => {
        const at = path.indexOf('?');
        const found = await resolve(path.slice(0, at), { resolveDir, kind: 'import-statement' });
        return found.errors.length > 0
          ? { errors: found.errors }
          : { path: found.path + path.slice(at), namespace: MODEL };
      });
      onLoad({ filter: /.*/, namespace: MODEL }, async ({ path }) => {
        const made = await optimizedModel(path, options);
        return { contents: importingText(made, ''), loader: 'js', watchFiles: made.sources };
      });
      onResolve({ filter: /.*/, namespace: MODEL }, ({ path }) => ({ path, namespace: FILE }));
      onLoad({ filter: /.*/, namespace: FILE }, async ({ path }) => ({
        contents: await readFile(path),
        loader: 'file',
      }));
    },
  };
}
