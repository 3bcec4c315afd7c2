/** Runs the command in its own folder: in this process, or the built one. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main } from '../../cli/main.js';
import { fail } from '../../cli/terminal/fail.js';
import { buildModel, type GraphBuilder } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import { writeModel } from '../../src/onnx/write.js';

export const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

export class Workplace {
  readonly folder = mkdtempSync(join(tmpdir(), 'onnx-passes-cli-'));

  /** What is kept for the user is kept here. */
  readonly #environment = { NO_COLOR: '1', XDG_CACHE_HOME: join(this.folder, '.cache') };

  /**
   * Runs `optimize` with these words in this process, which saves the start of a process: `command.test.ts` proves that the
   * built command prints and exits alike. One run at a time: the process has one current folder and one set of streams.
   */
  async run(words: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    const { stdout, stderr, env } = process;
    const folder = process.cwd();
    const said = { stdout: '', stderr: '' };
    const writes = [stdout.write, stderr.write] as const;
    process.chdir(this.folder);
    process.env = { ...env, ...this.#environment, ...environment };
    stdout.write = (text) => Boolean((said.stdout += text));
    stderr.write = (text) => Boolean((said.stderr += text));
    try {
      const status = await main(words).catch(fail);
      return { status, ...said };
    } finally {
      [stdout.write, stderr.write] = writes;
      process.env = env;
      process.chdir(folder);
    }
  }

  /** Runs the built command with these words. */
  spawn(words: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...words], {
      cwd: this.folder,
      encoding: 'utf8',
      env: { ...process.env, ...this.#environment, ...env },
    });
    return { status, stdout, stderr };
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  json(name: string): unknown {
    return JSON.parse(readFileSync(this.path(name), 'utf8'));
  }

  get files(): string[] {
    return readdirSync(this.folder).sort();
  }

  async write(model: Model, name = 'model.onnx'): Promise<void> {
    await writeModel(model, this.path(name));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** x·W + b between two Identities; W has odd numbers, so that a narrower float shows. */
export const tinyModel = (size = 16): Model =>
  buildModel({ '': 17 }, (g: GraphBuilder) => {
    const x = g.input('x', 'float32', ['batch', size]);
    const numbers = Array.from({ length: size * size }, (_, i) => Math.sin(i * 12.9898) / Math.sqrt(size));
    const product = g.op('MatMul', [g.op('Identity', [x]), g.constant('float32', numbers, [size, size], 'W')]);
    const sum = g.op('Add', [product, g.constant('float32', numbers.slice(0, size), [size], 'b')]);
    g.output('y', g.op('Identity', [sum]), 'float32', ['batch', size]);
  });
