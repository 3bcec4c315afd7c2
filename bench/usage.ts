/** Measures CPU time and peak memory of a Node program, as the program itself reports them at its end. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export interface Usage {
  /** User and system time of all threads. */
  readonly cpuMs: number;
  readonly wallMs: number;
  /** The largest resident set. */
  readonly peakBytes: number;
}

/** The repository's root, found upwards from the bundle of this file. */
export const root = (() => {
  const here = fileURLToPath(import.meta.url);
  const cache = here.indexOf(join('node_modules', '.cache'));
  return cache < 0 ? fileURLToPath(new URL('..', import.meta.url)) : here.slice(0, cache);
})();

/** Runs `optimize … --no-validate` for the CPU, as it was built. */
export const usageOfOptimize = (input: string, out: string, passes: string): Promise<Usage> =>
  usageOf([
    ...[join(root, 'dist/cli.js'), input, '-o', out, '--passes', passes],
    ...['--no-validate', '--target', 'cpu', '--quiet'],
  ]);

/** Runs `node file ...` to its end. Throws where it fails, with the end of its error output. */
export async function usageOf(programArguments: readonly string[]): Promise<Usage> {
  const folder = await mkdtemp(join(tmpdir(), 'onnx-passes-usage-'));
  const report = join(folder, 'usage.json');
  const hook = pathToFileURL(join(root, 'bench/child-usage.mjs')).href;
  try {
    const started = performance.now();
    const child = spawn(process.execPath, ['--import', hook, ...programArguments], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, USAGE_FILE: report },
    });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => {
      errors = (errors + chunk).slice(-2000);
    });
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    if (code !== 0) throw new Error(`${programArguments.join(' ')}: ended with ${code}. ${errors}`);
    return { ...JSON.parse(await readFile(report, 'utf8')), wallMs: performance.now() - started };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
