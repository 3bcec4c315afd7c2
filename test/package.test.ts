/** The package as others get it: what is in it, what it loads, and that it works away from here. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { build, type Metafile, transform } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Installed, installed, root } from './package/installed.js';

describe('what is loaded', () => {
  let inputs: Metafile['inputs'] = {};
  let command = '';
  beforeAll(async () => {
    [, command = ''] = /import\("\.\/(.*?)"\)/.exec(readFileSync(join(root, 'dist/cli.js'), 'utf8')) ?? [];
    const { metafile } = await build({
      absWorkingDir: root,
      entryPoints: ['dist/index.js', 'dist/cli.js'],
      bundle: true,
      write: false,
      metafile: true,
      splitting: true,
      outdir: 'unused',
      format: 'esm',
      platform: 'node',
      packages: 'external',
      // What is bundled here is no package, so esbuild tells of each chunk of which nothing is read.
      logLevel: 'error',
    });
    ({ inputs } = metafile);
  });

  /** What is loaded with a file, dynamic imports left out: the files, and what they import from elsewhere. */
  function staticClosure(file: string): { files: string[]; packages: string[] } {
    const files = new Set<string>();
    const packages = new Set<string>();
    const visit = (path: string): void => {
      if (files.has(path)) return;
      files.add(path);
      expect(Object.keys(inputs)).toContain(path);
      for (const { path: next, kind, external } of inputs[path]?.imports ?? []) {
        if (kind === 'dynamic-import') continue;
        if (external) packages.add(next);
        else visit(next);
      }
    };
    visit(file);
    return { files: [...files], packages: [...packages] };
  }

  it('the library: no module of Node, no package', () => {
    expect(staticClosure('dist/index.js').packages).toEqual([]);
  });

  it('the library: four files, of which the command starts with one and reads its words with two', () => {
    const [index, library, shared, start] = ['index', 'library', 'shared', 'start'].map((name) => `dist/${name}.js`);
    expect(staticClosure('dist/index.js').files.sort()).toEqual([index, library, shared, start]);
    const among = (file: string): string[] =>
      staticClosure(`dist/${file}`).files.filter((one) => [library, shared, start].includes(one));
    expect(among(command)).toEqual([start]);
    const [, words = ''] = /import\("\.\/(.*?)"\)/.exec(readFileSync(join(root, 'dist', command), 'utf8')) ?? [];
    expect(among(words).sort()).toEqual([shared, start]);
  });

  it('the command: no onnxruntime before it is needed', () => {
    const { packages } = staticClosure('dist/cli.js');
    expect(packages.filter((name) => !builtinModules.includes(name.replace('node:', '')))).toEqual([]);
  });
});

describe('the packed package, elsewhere', () => {
  let project: Installed;
  let folder = '';
  beforeAll(() => {
    project = installed();
    folder = project.folder;
    project.link('@types/node');
  });

  afterAll(() => project.remove());

  /** The pass that passes/README.md begins with. */
  const example = (readFileSync(join(root, 'passes/README.md'), 'utf8').split(/^```.*\n/m)[1] ?? '')
    .replace('../src/run/pass.js', 'onnx-passes')
    .replace("'zod'", "'onnx-passes/rules'");

  /** Slips that types catch. */
  const language = `import { any, definePass, microsoft, number, oneOf, op, Product, passOf, rule, site } from 'onnx-passes/rules';
    const x = any('x');
    // @ts-expect-error a misspelled operator
    op.LayerNormalisation(x);
    // @ts-expect-error a misspelled input
    microsoft.SkipLayerNormalization({ inputs: x });
    // @ts-expect-error more inputs than there are
    op.Erf(x, x);
    const match = Product(number('alpha'), oneOf('form', { erf: site(op.Erf(x)), tanh: site(op.Tanh({ input: x })) }));
    const because = 'it is shorter';
    export const known = rule({ name: 'known', because, match, rewrite({ alpha, form }, { no }) {
      return no(\`\${alpha.toFixed()} of \${form satisfies 'erf' | 'tanh'}\`);
    } });
    // @ts-expect-error a misspelled capture
    rule({ name: 'capture', because, match, rewrite: ({ alfa }, { no }) => no(alfa) });
    // @ts-expect-error a promise instead of a value
    rule({ name: 'promise', because, match, rewrite: async (_, { no }) => no('never') });
    passOf({ noun: 'known', rules: [known] })();
    definePass({ name: 'bare', summary: 'Does nothing.', fidelity: 'exact', run(model) { model.graph.nodes(); } })();`;

  const node = (...words: string[]) =>
    spawnSync(process.execPath, words, { cwd: folder, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } });
  const bin = () => {
    const installed = join('node_modules', 'onnx-passes');
    return join(installed, JSON.parse(readFileSync(join(folder, installed, 'package.json'), 'utf8')).bin.optimize);
  };

  it('holds what was built, and neither sources nor tests', () => {
    expect(project.files).toEqual(
      expect.arrayContaining(['package.json', 'dist/cli.js', 'dist/index.js', 'dist/runtime-child.js']),
    );
    expect(
      project.files.filter((path) => /^(src|test|bench|fixtures|passes)\//.test(path) && !path.endsWith('.md')),
    ).toEqual([]);
    expect(project.files.filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))).toEqual([]);
    const built = readdirSync(join(root, 'dist')).filter((name) => name.endsWith('.js'));
    expect(project.files.filter((path) => /^dist\/[^/]+\.js$/.test(path))).toHaveLength(built.length);
  });

  it('holds the licence, and every file that the README links to', () => {
    const readme = readFileSync(join(folder, 'node_modules/onnx-passes/README.md'), 'utf8');
    const linked = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path]) => path);
    expect(linked.length).toBeGreaterThan(5);
    expect(project.files).toEqual(expect.arrayContaining(['LICENSE', 'CHANGELOG.md', ...linked]));
  });

  it('installs nothing else', () => {
    const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
    const own = Object.entries<Record<string, unknown>>(packages).filter(([path, { dev }]) => path !== '' && !dev);
    expect(own).toEqual([]);
  });

  it('runs as a library and as a command', () => {
    writeFileSync(
      join(folder, 'make.js'),
      `import { buildModel, optimize, readModel, writeModel } from 'onnx-passes';
      const model = buildModel({ '': 17 }, (g) => {
        const x = g.input('x', 'float32', ['batch', 4]);
        g.output('y', g.op('Identity', [g.op('Relu', [g.op('Identity', [x])])]), 'float32', ['batch', 4]);
      });
      await writeModel(model, 'model.onnx');
      const { model: result, report } = await optimize(await readModel('model.onnx'), 'simplify', { verify: 'none' });
      console.log(report.model.before.nodes, report.model.after.nodes, (await writeModel(result)).length > 0);`,
    );
    expect(node('make.js')).toMatchObject({ status: 0, stderr: '', stdout: '3 1 true\n' });
    writeFileSync(
      join(folder, 'use.js'),
      `${example}
      import { buildModel, optimize } from 'onnx-passes';
      const model = buildModel({ '': 17 }, (g) => {
        g.output('y', g.op('Relu', [g.op('Relu', [g.input('x', 'float32', ['batch', 4])])]));
      });
      const { report } = await optimize(model, [mergeRelu()], { verify: 'none' });
      console.log(report.model.before.nodes, report.model.after.nodes);`,
    );
    expect(node('use.js')).toMatchObject({ status: 0, stderr: '', stdout: '2 1\n' });
    // Before a runtime is there, what runs none works, and the rest says in one line how to add it.
    const unchecked = ['--verify', 'none', '--no-validate', '--quiet'];
    expect(node(bin(), 'model.onnx', '--passes', 'simplify', ...unchecked)).toMatchObject({ status: 0, stderr: '' });
    expect(node(bin(), 'inspect', 'model.onnx')).toMatchObject({ status: 0 });
    for (const words of [
      ['model.onnx', '--quiet', '-o', 'never.onnx'],
      ['compare', 'model.onnx', 'model.onnx'],
    ]) {
      const { status, stderr } = node(bin(), ...words);
      expect(status).toBe(1);
      expect(stderr).toMatch(
        /^(comparing\n)?error: expected onnxruntime-node.* npm install onnxruntime-node --ignore-scripts.*\n$/,
      );
    }
    expect(existsSync(join(folder, 'never.onnx'))).toBe(false);
    project.link('onnxruntime-node');
    const run = node(bin(), 'model.onnx', '--passes', 'simplify', '--quiet', '--force');
    expect(run).toMatchObject({ status: 0, stderr: '', stdout: '' });
    expect(existsSync(join(folder, 'model.opt.onnx'))).toBe(true);
  });

  /** The rule and the test of the guide that is in the package. */
  const guide = () => {
    const path = join(folder, 'node_modules/onnx-passes/dist/guides/writing-a-rule.md');
    const [, rule = '', , test = ''] = readFileSync(path, 'utf8').split(/^```.*\n/m);
    return { rule, test };
  };

  it('a rule of forty lines and its test of fifteen, from elsewhere', async () => {
    const { rule, test } = guide();
    expect(rule.split('\n').length).toBeLessThanOrEqual(40);
    expect(test.split('\n').length).toBeLessThanOrEqual(15 + 1);
    for (const [name, text] of Object.entries({ mish: rule, 'mish.test': test })) {
      writeFileSync(join(folder, `${name}.ts`), text);
      writeFileSync(join(folder, `${name}.js`), (await transform(text, { loader: 'ts' })).code);
    }
    expect(node('--test', 'mish.test.js')).toMatchObject({ status: 0, stderr: '' });
    writeFileSync(
      join(folder, 'make-mish.js'),
      `import { buildModel, writeModel } from 'onnx-passes';
      await writeModel(buildModel({ '': 18 }, (g) => {
        const x = g.input('x', 'float32', ['batch', 8]);
        g.output('y', g.op('Mul', [g.op('Tanh', [g.op('Softplus', [x])]), x]));
      }), 'mish.onnx');`,
    );
    expect(node('make-mish.js').status).toBe(0);
    project.link('esbuild');
    const explained = node(bin(), 'explain', 'mish.onnx', '--plugin', './mish.ts');
    expect(explained.stderr).toBe('');
    expect(explained.stdout).toContain('1 mish site  fused by mish');
    const commonjs = join(folder, 'commonjs');
    mkdirSync(commonjs);
    writeFileSync(join(commonjs, 'package.json'), '{ "type": "commonjs" }');
    writeFileSync(join(commonjs, 'mish.js'), readFileSync(join(folder, 'mish.js')));
    expect(node(bin(), 'explain', 'mish.onnx', '--plugin', 'commonjs/mish.js').stderr).toContain(
      'Put "type": "module" into its package.json, or name it .mjs',
    );
  });

  it('a plugin has the copy of the package that runs, not one installed beside it', () => {
    const elsewhere = join(folder, 'elsewhere');
    const other = join(elsewhere, 'node_modules/onnx-passes');
    mkdirSync(other, { recursive: true });
    writeFileSync(join(other, 'package.json'), '{ "name": "onnx-passes", "exports": { "./rules": "./rules.js" } }');
    writeFileSync(join(other, 'rules.js'), 'throw new Error("another copy");');
    writeFileSync(join(elsewhere, 'mish.mjs'), readFileSync(join(folder, 'mish.js')));
    const words = [
      '--plugin',
      'elsewhere/mish.mjs',
      '--passes',
      'mish',
      '--require',
      'mish',
      '--json',
      '--no-validate',
    ];
    const { stderr, stdout } = node(bin(), 'mish.onnx', ...words, '--verify', 'rewrite');
    expect(stderr).toBe('');
    expect(JSON.parse(stdout).passes).toMatchObject([{ status: 'applied', rewrites: { count: 1, refuted: [] } }]);
  });

  it('is there for CommonJS where Node loads ES modules that way, and its types resolve wherever ES modules do', () => {
    writeFileSync(
      join(folder, 'common.cjs'),
      `const { readModel } = require('onnx-passes');
      console.log(typeof readModel, typeof require('onnx-passes/rules').rule, typeof require('onnx-passes/report').readReport);`,
    );
    if ((process.features as { require_module?: boolean }).require_module)
      expect(node('common.cjs').stdout).toBe('function function function\n');
    // From CommonJS a type checker below nodenext finds ES modules, as it should: that is what the profile leaves out.
    const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js');
    const { status, stdout } = node(attw, project.tarball, '--profile', 'esm-only');
    expect(status, stdout).toBe(0);
  });

  it('type-checks in a strict project, without the types of Node or of a browser', () => {
    writeFileSync(
      join(folder, 'consumer.ts'),
      `import { definePass, optimize, passes, readModel, type Report, validate, writeModel } from 'onnx-passes';
      import { z } from 'onnx-passes/rules';
      const mine = definePass({
        name: 'mine', summary: 'Does nothing.', fidelity: 'exact', options: z.object({ keep: z.array(z.string()).default([]) }),
        run(model, { keep }, context) { context.note(keep.join() + model.graph.nodes().length); },
      });
      const { model, report } = await optimize(await readModel('model.onnx'), [passes.fuseAttn(), mine({ keep: ['Add'] })], { target: 'cpu' });
      const bytes: Uint8Array = await writeModel(model);
      const written: Report = report;
      const { accuracy, speed } = await validate('a.onnx', 'b.onnx', { provider: 'cpu' });
      export const all = [bytes.length, written.ms, accuracy, speed];
      // @ts-expect-error an option that the pass does not have
      mine({ kep: [] });
      // @ts-expect-error a target that does not exist
      await optimize(model, 'simplify', { target: 'tpu' });`,
    );
    writeFileSync(join(folder, 'example.ts'), example);
    const { rule, test } = guide();
    writeFileSync(join(folder, 'mish.ts'), rule);
    writeFileSync(join(folder, 'mish.test.ts'), test);
    writeFileSync(join(folder, 'language.ts'), language);
    const plugins = ['vite', 'rollup', 'webpack', 'esbuild'].map((name) => `export * from 'onnx-passes/${name}';`);
    writeFileSync(join(folder, 'plugins.ts'), [...plugins, `export * from 'onnx-passes/report';`].join('\n'));
    // The test of the guide runs in Node. All else needs the types of no host, and of no other package: declarations are checked as well.
    const bare = ['consumer.ts', 'example.ts', 'language.ts', 'plugins.ts'];
    for (const [types, files] of [
      [[], bare],
      [['node'], ['mish.test.ts']],
    ]) {
      const compilerOptions = {
        module: 'nodenext',
        target: 'es2022',
        lib: ['es2023'],
        strict: true,
        noEmit: true,
        types,
      };
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
      const { status, stdout } = node(join(root, 'node_modules/typescript/bin/tsc'), '-p', '.', '--singleThreaded');
      expect(stdout).toBe('');
      expect(status).toBe(0);
    }
  });
});
