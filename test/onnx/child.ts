/** Child processes that run a piece of this library: to be killed, or to have their memory measured. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from '../models.js';

/** Bundles a script that has readModel, writeModel, buildModel and derivedTensor at hand; gives its path. */
export async function bundle(folder: string, name: string, script: string): Promise<string> {
  const outfile = join(folder, `${name}.cjs`);
  await build({
    stdin: {
      contents: `import { readModel } from './src/onnx/read.js';
import { writeModel } from './src/onnx/write.js';
import { buildModel } from './src/ir/build.js';
import { derivedTensor } from './src/ir/tensors/tensor.js';
${script}`,
      resolveDir: root,
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile,
  });
  return outfile;
}

/** Runs a bundled script, with `gc` at hand, to its end; its last line of output, as JSON. */
export function result<T>(script: string, ...args: string[]): T {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', script, ...args], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`child: exit code ${status}\n${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as T;
}

export const start = (script: string, ...args: string[]): ChildProcess =>
  spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
