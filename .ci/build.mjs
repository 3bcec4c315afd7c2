/**
 * Builds the package: seven entries bundled into one flat folder with shared chunks. `optimize --help` then loads
 * little, and threads, child processes and a browser's page lie beside the file that starts them.
 */
import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { compileKernels } from '../src/ir/kernels/compile.mjs';
import { reportPage } from './report-page.mjs';

/** zod carries its messages in fifty languages; to parse them all is a tenth of a start-up. English stays. */
const englishOnly = {
  name: 'english-only',
  setup({ onLoad }) {
    onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    }));
  },
};

const root = fileURLToPath(new URL('..', import.meta.url));
await compileKernels();
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: {
    index: 'src/index.ts',
    rules: 'src/rules.ts',
    cli: 'cli/cli.ts',
    'command-thread': 'cli/thread/command-thread.ts',
    'runtime-child': 'src/runtime/child.ts',
    'runtime-page': 'src/runtime/web/page.ts',
    'kernel-probe-child': 'src/runtime/kernels/probe/child.ts',
  },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // Names stay, so that a stack can be read; the rest of the text is what a start-up has to parse.
  minifyWhitespace: true,
  // Node prints the whole line that an uncaught error comes from.
  lineLimit: 160,
  minifySyntax: true,
  chunkNames: 'chunk-[hash]',
  external: ['onnxruntime-node', 'protobufjs', 'typescript'],
  // fflate's build for Node imports modules of Node, which nobody who bundles the library for a browser can resolve; the modules that
  // tinyglobby imports get their prefix, by which a bundler leaves them out.
  alias: {
    fflate: 'fflate/browser',
    ...Object.fromEntries(['fs', 'path', 'url', 'module'].map((name) => [name, `node:${name}`])),
  },
  plugins: [englishOnly, reportPage],
  metafile: true,
  logLevel: 'warning',
});

/** The licences of what is bundled in, as their authors ask. */
async function licences(inputs) {
  const folders = new Set(inputs.flatMap((path) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []));
  const texts = [...folders].sort().map(async (folder) => {
    const { name, version } = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8'));
    const file = (await readdir(join(root, folder))).find((entry) => /^licen[cs]e/i.test(entry));
    return `${name} ${version}\n\n${file ? (await readFile(join(root, folder, file), 'utf8')).trim() : ''}\n`;
  });
  return (await Promise.all(texts)).join(`\n${'-'.repeat(80)}\n\n`);
}

// What an earlier build left would be packed with the package.
const dist = join(root, 'dist');
const built = new Set(Object.keys(metafile.outputs));
for (const entry of await readdir(dist, { withFileTypes: true }))
  if (entry.isFile() && entry.name.endsWith('.js') && !built.has(`dist/${entry.name}`))
    await rm(join(dist, entry.name));
await chmod(join(dist, 'cli.js'), 0o755);
await writeFile(join(dist, 'LICENSES.txt'), await licences(Object.keys(metafile.inputs)));

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
      await writeFile(join(folder, kind, `${name}.md`), `# ${name}\n\n${summary}\n\n${body}\n`);
    }
  }
  for (const file of ['README.md', 'writing-a-rule.md']) await cp(join(root, 'passes', file), join(folder, file));
}
await guides(join(dist, 'guides'));
