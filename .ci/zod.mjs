/** How zod is bundled: plugins of esbuild. */
import { readFile } from 'node:fs/promises';

/** zod carries its messages in fifty languages; to parse them all is a tenth of a start-up. English stays. */
export const englishOnly = {
  name: 'english-only',
  setup({ onLoad }) {
    onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    }));
  },
};

/** Bundlers leave out what nobody reads of a namespace; of an object `z` that another module makes of one, they cannot. */
export const asNamespace = {
  name: 'as-namespace',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/](src|passes|cli)[\\/].*\.ts$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8'))
        .replace("import { z } from 'zod';", "import * as z from 'zod';")
        .replace("export { z } from 'zod';", "export * as z from './zod.js';"),
      loader: 'ts',
    }));
  },
};
