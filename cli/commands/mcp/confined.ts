/** Keeps the paths of a caller below one folder. */
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { UsageError } from '../../../src/ir/text/usage-error.js';

/** Throws UsageError for a path that is not below the folder, also where a link leads out of it. Of a new file its folder counts. */
export async function expectBelow(root: string, path: string, name: string): Promise<void> {
  const asked = resolve(root, path);
  const real = await realpath(asked).catch(async () => {
    const folder = await realpath(dirname(asked)).catch(() => dirname(asked));
    return join(folder, basename(asked));
  });
  const way = relative(await realpath(root), real);
  if (way === '..' || way.startsWith(`..${sep}`) || resolve(way) === way)
    throw new UsageError(
      `${name}: expected a path below ${root}; found ${path}. Another folder: optimize mcp --root <folder>`,
    );
}
