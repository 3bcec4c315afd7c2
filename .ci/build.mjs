/**
 * Builds the package: entries bundled into one flat folder with shared chunks. `optimize --help` then loads little, and threads, child
 * processes and a browser's page lie beside the file that starts them. The library for browsers is built beside it, in a folder of its own.
 */
import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { compileKernels } from '../src/ir/kernels/compile.mjs';
import { licences } from './bundled-licences.mjs';
import { grouped } from './grouped.mjs';
import { reportPage } from './report-page.mjs';
import { inBrowser } from './seams.mjs';
import { asNamespace, englishOnly } from './zod.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
await compileKernels();
const shared = {
  absWorkingDir: root,
  bundle: true,
  splitting: true,
  format: 'esm',
  // Names stay, so that a stack can be read; the rest of the text is what a start-up has to parse.
  minifyWhitespace: true,
  minifySyntax: true,
  // Node prints the whole line that an uncaught error comes from.
  lineLimit: 160,
  chunkNames: 'chunk-[hash]',
  metafile: true,
  logLevel: 'warning',
};
const inNode = {
  ...shared,
  entryPoints: {
    index: 'src/index.ts',
    rules: 'src/rules.ts',
    report: 'src/report.ts',
    ...Object.fromEntries(
      ['vite', 'rollup', 'webpack', 'webpack-loader', 'esbuild'].map((name) => [name, `src/bundlers/${name}.ts`]),
    ),
    cli: 'cli/cli.ts',
    'command-thread': 'cli/thread/command-thread.ts',
    'runtime-child': 'src/runtime/child.ts',
    'runtime-page': 'src/runtime/web/page.ts',
    'kernel-probe-child': 'src/runtime/kernels/probe/child.ts',
  },
  outdir: 'dist',
  platform: 'node',
  target: 'node20',
  external: ['onnxruntime-node', 'typescript', '@modelcontextprotocol/sdk', './zod.js'],
  plugins: [englishOnly, asNamespace, reportPage],
};
const node = await build({ ...inNode, write: false });
const { metafile } = node;
const nodeFiles = await grouped(
  node,
  {
    'start.js': ['cli/command.ts', 'src/index.ts'],
    'shared.js': ['cli/main.ts', 'src/index.ts'],
    'library.js': ['src/index.ts'],
  },
  inNode,
);
await mkdir(join(root, 'dist'), { recursive: true });
for (const { path, contents } of nodeFiles) await writeFile(path, contents);
// Nothing is external: a bundler need not resolve a package, nor read one in CommonJS.
const web = await build({
  ...shared,
  entryPoints: {
    library: 'src/browser/library.ts',
    reading: 'src/browser/reading.ts',
    rules: 'src/rules.ts',
    report: 'src/report.ts',
  },
  outdir: 'dist/browser',
  platform: 'browser',
  target: 'es2022',
  alias: { fflate: 'fflate/browser' },
  external: ['./zod.js'],
  plugins: [englishOnly, asNamespace, inBrowser(root), reportPage],
});
// All of zod, for who declares options of a pass: whoever does not loads what this package itself uses of it.
for (const outdir of ['dist', 'dist/browser'])
  await build({ ...shared, entryPoints: { zod: 'zod' }, outdir, splitting: false, plugins: [englishOnly] });

// A bundler leaves out a file of which nothing is read: the index holds no code, so that reading a model alone loads `reading`.
const indexed = ['library', 'reading'].map((name) => `export * from './${name}.js';\n`);
await writeFile(join(root, 'dist/browser/index.js'), indexed.join(''));

// What an earlier build left would be packed with the package. Of the types `own-types.mjs` removes it, so that these stay where this runs alone.
const dist = join(root, 'dist');
const built = new Set([...nodeFiles.map(({ path }) => `dist/${basename(path)}`), ...Object.keys(web.metafile.outputs)]);
for (const name of ['zod', 'browser/zod', 'browser/index']) built.add(`dist/${name}.js`);
for (const folder of ['dist', 'dist/browser'])
  for (const name of await readdir(join(root, folder)))
    if (name.endsWith('.js') && !built.has(`${folder}/${name}`)) await rm(join(root, folder, name));
await chmod(join(dist, 'cli.js'), 0o755);
await writeFile(
  join(dist, 'LICENSES.txt'),
  await licences([metafile, web.metafile].flatMap(({ inputs }) => Object.keys(inputs))),
);

/** The guides: how passes and rules are written, and of each pass and rule its graph before and after. */
async function guides(folder) {
  await rm(folder, { recursive: true, force: true });
  for (const kind of ['passes', 'rules']) {
    await mkdir(join(folder, kind), { recursive: true });
    const pictures = join(root, 'test/pictures', kind);
    for (const file of await readdir(pictures)) {
      const [, about = '', rest = ''] = /^(.*)\n([\s\S]*)$/.exec(await readFile(join(pictures, file), 'utf8')) ?? [];
      const [, name = '', summary = ''] = /^(.*?): (.*)$/.exec(about) ?? [];
      const body = rest.trim().replaceAll(/^# (.*)\n([\s\S]*?)(?=\n\n# |$(?![\s\S]))/gm, '## $1\n\n```\n$2\n```');
      await writeFile(join(folder, kind, file.replace(/\.txt$/, '.md')), `# ${name}\n\n${summary}\n\n${body}\n`);
    }
  }
  for (const file of ['README.md', 'writing-a-rule.md']) await cp(join(root, 'passes', file), join(folder, file));
}
await guides(join(dist, 'guides'));
