/** The plugin for webpack 5: a rule with a loader; model and data become asset modules. `onnx-passes/webpack`. */
import { fileURLToPath } from 'node:url';
import { expectOptions, type ModelImportOptions } from './options.js';

export type { ModelImportOptions } from './options.js';

/** What is used of webpack's compiler. */
interface Compiler {
  readonly options: { readonly module: { readonly rules: unknown[] } };
}

export default class OnnxPasses {
  readonly #options: ModelImportOptions;
  constructor(options: ModelImportOptions = {}) {
    this.#options = expectOptions(options);
  }

  // biome-ignore lint/suspicious/noExplicitAny: webpack's own type has many fields that a type of ours would have to repeat.
  apply(compiler: any): void {
    const { rules } = (compiler as Compiler).options.module;
    const loader = fileURLToPath(new URL('./webpack-loader.js', import.meta.url));
    rules.push({
      test: /\.onnx$/,
      resourceQuery: /[?&]passes=/,
      type: 'javascript/esm',
      use: [{ loader, options: this.#options }],
    });
  }
}
