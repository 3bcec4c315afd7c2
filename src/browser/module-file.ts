/** Modules by path, which a browser does not have: built in place of `src/settings/module-file.ts`. */
import { UsageError } from '../ir/text/usage-error.js';

export async function importModule(path: string): Promise<never> {
  throw new UsageError(
    `plugins: expected the passes and rules themselves in a browser; found the path ${path}. Import it`,
  );
}
