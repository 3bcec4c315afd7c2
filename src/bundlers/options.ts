/** The options of the plugins, and what a query asks for. */
import type { TargetChoice } from '../ir/targets/targets.js';
import { foundText, UsageError, unknownText } from '../ir/text/usage-error.js';
import type { OptimizeFileOptions } from '../job/options.js';

export interface ModelImportOptions {
  /** Options of `optimizeFile` for every model; `target` is that of an import that names none. Default: it is compared, and gates fail the build. */
  readonly optimize?: Omit<
    OptimizeFileOptions,
    'out' | 'force' | 'reportPath' | 'tracePath' | 'onGate' | 'onProgress' | 'signal'
  >;
  /** The folder of results that were made before. Default: `node_modules/.cache/onnx-passes` in the working directory. */
  readonly cache?: string;
  /** Called with what is done, in a few words. Default: standard error hears when a model is begun. */
  readonly onProgress?: (what: string) => void;
}

/** A model that a module imports. */
export interface ModelImport {
  readonly path: string;
  readonly passes: string;
  readonly target: TargetChoice | undefined;
}

/** Which imports are of models to optimize. */
export const isModelImport = /\.onnx\?(?:.*&)?passes=/;

const known = ['passes', 'target', 'onnx'];

/** Reads `path/model.onnx?passes=a,b&target=t&onnx`, whose last word is for TypeScript. Throws UsageError for other words. */
export function modelImportOf(id: string): ModelImport {
  const at = id.indexOf('?');
  const query = new URLSearchParams(id.slice(at + 1));
  for (const name of query.keys())
    if (!known.includes(name)) throw new UsageError(`${id}: ${unknownText('word', name, known)}`);
  const target = query.get('target') ?? undefined;
  return { path: id.slice(0, at), passes: query.get('passes') ?? '', target: target as TargetChoice | undefined };
}

/** Options as they are; throws UsageError where a function or text stands in their place. */
export function expectOptions(options: ModelImportOptions): ModelImportOptions {
  if (typeof options === 'object' && options !== null) return options;
  throw new UsageError(`onnx-passes plugin: expected an object of options; found ${foundText(options)}`);
}
