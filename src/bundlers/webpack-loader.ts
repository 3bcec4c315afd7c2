/** The loader behind webpack's plugin. It is given the bytes and leaves them alone: the job reads the file itself. */
import { moduleText, optimizedModel } from './model-import.js';
import type { ModelImportOptions } from './options.js';

/** What is used of webpack's loader context. */
interface Context {
  readonly resource: string;
  getOptions(): ModelImportOptions;
  addDependency(path: string): void;
}

export default async function load(this: Context): Promise<string> {
  const made = await optimizedModel(this.resource, this.getOptions());
  for (const path of made.sources) this.addDependency(path);
  return moduleText(made, (path) => `new URL(${JSON.stringify(path)}, import.meta.url).href`);
}

/** webpack hands over bytes instead of text. */
export const raw = true;
