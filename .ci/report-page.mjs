/** Makes the module `src/report/html/assets.js`: the script and the style of the report's page, bundled, as texts with their digests. */
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const place = (path) => fileURLToPath(new URL(`../src/report/html/${path}`, import.meta.url));
const isAssets = /[\\/]html[\\/](?:.*[\\/])?assets\.js$|^\.\/assets\.js$/;

/** One bundle, minified; nothing in it ends its element. */
async function bundled(entry) {
  const { outputFiles } = await build({
    entryPoints: [place(entry)],
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
  });
  const text = outputFiles[0].text.trim();
  if (/<\/(?:script|style)|<!--|<script/i.test(text))
    throw new Error(`${entry}: expected no end of an element; found one`);
  return text;
}

async function makeAssets() {
  const [script, style] = await Promise.all([bundled('page/main.ts'), bundled('style/page.css')]);
  const hash = (text) => `sha256-${createHash('sha256').update(text).digest('base64')}`;
  return { script, style, scriptHash: hash(script), styleHash: hash(style) };
}

let made;
/** Script and style, each with its digest as a policy names it. */
export const reportAssets = () => (made ??= makeAssets());

const moduleText = async () =>
  Object.entries(await reportAssets())
    .map(([name, text]) => `export const ${name} = ${JSON.stringify(text)};`)
    .join('\n');

/** For esbuild. */
export const reportPage = {
  name: 'report-page',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: isAssets }, () => ({ path: place('assets.js'), namespace: 'report-page', sideEffects: false }));
    onLoad({ filter: /.*/, namespace: 'report-page' }, async () => ({ contents: await moduleText(), loader: 'js' }));
  },
};

/** For Vitest. */
export const reportPageForVite = {
  name: 'report-page',
  enforce: 'pre',
  resolveId: (id) => (isAssets.test(id) ? place('assets.js') : undefined),
  load: (id) => (id === place('assets.js') ? moduleText() : undefined),
};
