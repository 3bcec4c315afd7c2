/** The plugins of the packed package: the same import of a model in four bundlers, one optimization for all of them. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { presets } from '../../passes/presets.js';
import { buildModel } from '../../src/ir/build.js';
import { targetChoices } from '../../src/ir/targets/targets.js';
import { writeModel } from '../../src/onnx/write.js';
import { type Installed, installed, root } from './installed.js';

let project: Installed;
let changed: Uint8Array;
beforeAll(async () => {
  project = installed();
  for (const name of ['onnxruntime-node', 'esbuild', 'rollup', 'vite', 'webpack']) project.link(name);
  const model = (op: string) =>
    buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', ['batch', 4]);
      g.output('y', g.op('Identity', [g.op(op, [g.op('Identity', [x])])]), 'float32', ['batch', 4]);
    });
  writeFileSync(join(project.folder, 'model.onnx'), await writeModel(model('Relu')));
  changed = await writeModel(model('Abs'));
  writeFileSync(
    join(project.folder, 'app.js'),
    `import url, { externalData, inputs, outputs } from './model.onnx?passes=simplify&target=cpu&onnx';
    globalThis.found = { url, externalData, inputs: inputs.map(({ name }) => name), outputs: outputs.map(({ name }) => name) };`,
  );
});
afterAll(() => project.remove());

/** A program in the project; `build(options)` is the bundler's. Paths in stderr are of models that are begun and done. */
function run(name: string, body: string) {
  writeFileSync(join(project.folder, `${name}.mjs`), body);
  const { status, stderr, stdout } = spawnSync(process.execPath, [`${name}.mjs`], {
    cwd: project.folder,
    encoding: 'utf8',
  });
  return { status, stderr, stdout };
}

const builds: Readonly<Record<string, (options: string) => string>> = {
  esbuild: (options) => `import { build } from 'esbuild'; import onnx from 'onnx-passes/esbuild';
    await build({ entryPoints: ['app.js'], bundle: true, format: 'esm', outdir: 'out-esbuild', plugins: [onnx(${options})], logLevel: 'silent' });`,
  rollup: (options) => `import { rollup } from 'rollup'; import onnx from 'onnx-passes/rollup';
    await (await rollup({ input: 'app.js', plugins: [onnx(${options})] })).write({ dir: 'out-rollup' });`,
  vite: (options) => `import { build } from 'vite'; import onnx from 'onnx-passes/vite';
    const input = 'app.js';
    await build({ configFile: false, logLevel: 'silent', plugins: [onnx(${options})], build: { outDir: 'out-vite', assetsInlineLimit: 0, rolldownOptions: { input } } });
    await build({ configFile: false, logLevel: 'silent', plugins: [onnx(${options})], build: { outDir: 'out-server', assetsInlineLimit: 0, ssr: input } });`,
  webpack: (options) => `import webpack from 'webpack'; import OnnxPasses from 'onnx-passes/webpack';
    await new Promise((resolve, reject) => webpack(
      { mode: 'production', entry: './app.js', output: { path: process.cwd() + '/out-webpack', publicPath: '/' }, plugins: [new OnnxPasses(${options})] },
    ).run((error, stats) => (error || stats.hasErrors() ? reject(error ?? new Error(stats.toString())) : resolve())));`,
};

/** Files that a build wrote, in whatever folder. */
const written = (folder: string, ending: string): string[] =>
  readdirSync(join(project.folder, folder), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith(ending),
  );

it('optimizes once, and each bundler emits the same bytes as its own asset', () => {
  const contents = new Set<string>();
  for (const [i, [name, build]] of Object.entries(builds).entries()) {
    const { status, stderr } = run(name, build(''));
    expect(stderr).toMatch(i === 0 ? /^onnx-passes: model.onnx: optimizing \(simplify\)\n.*done in .* s\n$/ : /^$/);
    expect(status).toBe(0);
    const [asset = '', ...others] = written(`out-${name}`, '.onnx');
    expect(others).toEqual([]);
    contents.add(readFileSync(join(project.folder, `out-${name}`, asset), 'hex'));
    const code = written(`out-${name}`, '.js').map((path) =>
      readFileSync(join(project.folder, `out-${name}`, path), 'utf8'),
    );
    expect(code.join()).toContain(asset.split(/[\\/]/).pop());
  }
  expect(contents.size).toBe(1);
});

it('a server gets the address that the page gets, and the ports', () => {
  const [entry = ''] = written('out-server', '.js');
  const { stdout } = run(
    'serve',
    `await import('./out-server/${entry}'); console.log(JSON.stringify(globalThis.found));`,
  );
  const found = JSON.parse(stdout);
  expect(found).toMatchObject({ externalData: [], inputs: ['x'], outputs: ['y'] });
  expect(found.url).toBe(`/${written('out-vite', '.onnx')[0]}`);
});

it('the dev server of Vite: a model below its root, another address and a reload when it changes, a gate that fails and is mended', () => {
  mkdirSync(join(project.folder, 'dev'));
  for (const name of ['app.js', 'model.onnx']) cpSync(join(project.folder, name), join(project.folder, 'dev', name));
  writeFileSync(join(project.folder, 'dev', 'other.onnx'), changed);
  const { stdout, stderr } = run(
    'dev',
    `import { copyFile } from 'node:fs/promises'; import { createServer } from 'vite'; import onnx from 'onnx-passes/vite';
    const lines = [];
    const optimize = {};
    const server = await createServer({
      root: 'dev', configFile: false, logLevel: 'silent', appType: 'custom', optimizeDeps: { noDiscovery: true },
      server: { middlewareMode: true, hmr: { port: 0 }, watch: { usePolling: true, interval: 50 } },
      plugins: [onnx({ optimize, onProgress: (what) => lines.push(what) })],
    });
    const sent = [];
    const reloaded = new Promise((resolve) => {
      const { hot } = server.environments.client;
      const { send } = hot;
      hot.send = (...what) => { sent.push(what[0].type); send.apply(hot, what); if (what[0].type === 'full-reload') resolve(); };
    });
    const address = async () => {
      const { code } = await server.transformRequest('/model.onnx?passes=simplify&target=cpu&onnx');
      const [path] = /[^"]*\\/model\\.onnx[^"]*url[^"]*/.exec(code);
      return (await server.transformRequest(path)).code.match(/"(.*)"/)[1];
    };
    const served = async () => { await server.ssrLoadModule('/app.js'); return globalThis.found.url; };
    await server.transformRequest('/app.js');
    const [page, ofServer] = [await address(), await served()];
    const said = lines.splice(0);
    await copyFile('dev/other.onnx', 'dev/model.onnx');
    await reloaded;
    const [next, nextOfServer] = [await address(), await served()];
    optimize.require = ['fuse-attn'];
    const required = '/model.onnx?passes=simplify,fuse-attn&target=cpu';
    const refused = await server.transformRequest(required).catch(({ message }) => message);
    delete optimize.require;
    const mended = await server.transformRequest(required);
    await server.close();
    console.log(JSON.stringify({ page, ofServer, said, next, nextOfServer, sent, refused, mended: mended.code }));`,
  );
  expect(stderr).toBe('');
  const { page, ofServer, said, next, nextOfServer, sent, refused, mended } = JSON.parse(stdout);
  expect([ofServer, nextOfServer]).toEqual([page, next]);
  expect(next).not.toBe(page);
  expect(said[0]).toMatch(/model\.onnx: optimizing \(simplify\)$/);
  expect(said.length).toBeGreaterThan(2);
  expect(sent).toContain('full-reload');
  // What Vite's overlay shows.
  expect(refused).toMatch(/^dev.model\.onnx\?passes=simplify,fuse-attn: .*fuse-attn/);
  expect(mended).toContain('export const inputs');
});

it.each(['vite', 'webpack'])('%s: a gate that fails ends the build with its reason', (name) => {
  const { status, stderr } = run(`refused-${name}`, builds[name]?.(`{ optimize: { require: ['fuse-attn'] } }`) ?? '');
  expect(status).toBe(1);
  expect(stderr).toContain('fuse-attn');
});

it('finds a model in a package, and refuses a word of a query that it does not know', () => {
  mkdirSync(join(project.folder, 'node_modules', 'models'));
  cpSync(join(project.folder, 'model.onnx'), join(project.folder, 'node_modules', 'models', 'model.onnx'));
  writeFileSync(join(project.folder, 'app.js'), `import 'models/model.onnx?passes=simplify&traget=cpu';`);
  expect(run('misspelled', builds.esbuild?.('') ?? '').stderr).toMatch(
    /node_modules.models.model\.onnx\?.*: unknown word "traget"; did you mean "target"\?/,
  );
});

it('types: the plugins fit the bundlers, and imports have ports', () => {
  const { folder } = project;
  project.link('@types/node');
  mkdirSync(join(folder, 'types'));
  const ends = targetChoices.map((target) => `?passes=simplify,fuse&target=${target}`);
  const imports = [...presets.map(({ name }) => `?passes=${name}`), ...ends];
  writeFileSync(
    join(folder, 'types', 'config.ts'),
    `import { defineConfig } from 'vite';
    import type { Plugin as EsbuildPlugin } from 'esbuild';
    import type { Plugin as RollupPlugin } from 'rollup';
    import type { Configuration } from 'webpack';
    import esbuild from 'onnx-passes/esbuild';
    import rollup from 'onnx-passes/rollup';
    import vite from 'onnx-passes/vite';
    import OnnxPasses from 'onnx-passes/webpack';
    import url, { inputs } from './model.onnx?passes=half,simplify&onnx';
    ${imports.map((end, i) => `import url${i}, { outputs as outputs${i} } from './model.onnx${end}';`).join('\n')}
    export const more: [string, string | undefined][] = [${imports.map((_, i) => `[url${i}, outputs${i}[0]?.name]`)}];
    export default defineConfig({ plugins: [vite({ optimize: { target: 'cpu' } })] });
    export const others: [EsbuildPlugin, RollupPlugin, Configuration, string, string] =
      [esbuild(), rollup(), { plugins: [new OnnxPasses()] }, url, inputs.map(({ name }) => name).join()];
    // @ts-expect-error an option that does not exist
    vite({ optimise: {} });`,
  );
  writeFileSync(
    join(folder, 'types', 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        ...{ module: 'esnext', moduleResolution: 'bundler', target: 'es2022', lib: ['es2023', 'dom'] },
        ...{ strict: true, noEmit: true, skipLibCheck: true, types: ['node', 'onnx-passes/imports'] },
      },
      files: ['config.ts'],
    }),
  );
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', 'types'], { cwd: folder, encoding: 'utf8' });
  expect(stdout).toBe('');
});
