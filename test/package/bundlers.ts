/** Bundlers as people configure them for a page, each on one file. They write `app.js`. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { build as esbuild } from 'esbuild';
import { rollup } from 'rollup';
import { build as vite } from 'vite';
import webpack from 'webpack';

type Bundler = (folder: string, outdir: string) => Promise<unknown>;

export const bundlers: Readonly<Record<string, Bundler>> = {
  esbuild: (folder, outdir) =>
    esbuild({
      absWorkingDir: folder,
      entryPoints: ['app.js'],
      bundle: true,
      splitting: true,
      format: 'esm',
      outdir,
      logLevel: 'error',
    }),
  rollup: async (folder, dir) => {
    const plugins = [nodeResolve({ browser: true })];
    const bundle = await rollup({ input: join(folder, 'app.js'), plugins, onwarn: refuse });
    await bundle.write({ dir });
    await bundle.close();
  },
  vite: (folder, outDir) =>
    vite({
      root: folder,
      configFile: false,
      logLevel: 'error',
      base: './',
      build: {
        outDir,
        assetsDir: '',
        minify: false,
        modulePreload: false,
        rolldownOptions: { input: join(folder, 'app.js'), output: { entryFileNames: '[name].js' } },
      },
    }),
  webpack: (folder, path) =>
    new Promise<void>((resolve, reject) => {
      const compiler = webpack({
        mode: 'production',
        context: folder,
        entry: './app.js',
        optimization: { minimize: false },
        performance: false,
        output: { path, filename: 'app.js', publicPath: 'auto' },
      });
      compiler?.run((error, stats) => {
        const { errors = [], warnings = [] } = stats?.toJson({ all: false, errors: true, warnings: true }) ?? {};
        const said = [...errors, ...warnings].map(({ message }) => message).join('\n');
        compiler.close(() => (error || said ? reject(error ?? new Error(said)) : resolve()));
      });
    }),
};

const refuse = ({ message }: { message: string }): never => {
  throw new Error(message);
};

/** A folder for what each bundler writes. */
export function outputsIn(folder: string): Record<string, string> {
  return Object.fromEntries(
    Object.keys(bundlers).map((name) => {
      const path = join(folder, 'built', name);
      mkdirSync(path, { recursive: true });
      return [name, path];
    }),
  );
}
