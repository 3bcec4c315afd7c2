/**
 * Asks the runtime where it places the nodes of models. Nothing is run: the runtime tells it in its log as a session is made. The log is a file,
 * since the runtime loses lines on a pipe; a process that a model ends is started again behind that model.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, createReadStream, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Provider } from '../../src/runtime/isolate.js';
import { root } from '../usage.js';
import { PROBE } from './form.js';

/** What the log says of one model. */
export interface Placed {
  /** Nodes by the runtime's name of the provider: the operator, or PROBE for the node that is asked about. */
  readonly nodes: Readonly<Record<string, string[]>>;
  /** The runtime's refusal. */
  readonly error: string | undefined;
  /** True where the process ended on it. */
  readonly isCrash: boolean;
}

type Environment = Readonly<Record<string, string>>;

/** The placement of each model file, in order. `env`: more variables for the process of the runtime. Throws where the provider does not start. */
export async function placedOf(files: readonly string[], provider: Provider, env: Environment = {}): Promise<Placed[]> {
  const found: Placed[] = [];
  while (found.length < files.length) {
    const batch = await oneProcess(files.slice(found.length), provider, env);
    if (batch.length === 0) throw new Error(`${provider}: the runtime does not start`);
    found.push(...batch);
  }
  return found;
}

/** As far as one process comes; the last may have ended it. */
async function oneProcess(files: readonly string[], provider: Provider, env: Environment): Promise<Placed[]> {
  const folder = await mkdtemp(join(tmpdir(), 'onnx-passes-kernels-'));
  try {
    const log = join(folder, 'log');
    const file = openSync(log, 'w');
    const worker = join(root, 'bench/kernels/worker.mjs');
    const child = spawn(process.execPath, [worker, provider], {
      stdio: ['pipe', 'ignore', file],
      env: { ...process.env, ...env },
    });
    // The pipe closes early where the process ends.
    child.stdin?.on('error', () => {});
    child.stdin?.end(`${files.join('\n')}\n`);
    await once(child, 'exit');
    closeSync(file);
    return await readLog(log);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readLog(path: string): Promise<Placed[]> {
  const found: { nodes: Record<string, string[]>; error: string | undefined; isCrash: boolean }[] = [];
  let provider = '';
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const last = found.at(-1);
    if (line.startsWith('@model')) found.push({ nodes: {}, error: undefined, isCrash: true });
    else if (last && line.startsWith('@done')) last.isCrash = false;
    else if (last && line.startsWith('@refused ')) last.error = line.slice('@refused '.length);
    else if (last && line.includes('VerifyEachNodeIsAssignedToAnEp')) {
      provider = /placed on \[(\w+)\]/.exec(line)?.[1] ?? provider;
      const [, opType = '', name = ''] = /\]\s+(\w+) \((.*)\)/.exec(line) ?? [];
      const node = line.includes('All nodes placed') || name === PROBE ? PROBE : opType;
      if (node) {
        last.nodes[provider] ??= [];
        last.nodes[provider]?.push(node);
      }
    }
  }
  return found;
}
