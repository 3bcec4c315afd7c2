/**
 * Asks the runtime where it places the nodes of models. Nothing is run: the runtime writes placements to its log when a session is made. The log is a file,
 * since the runtime loses lines on a pipe. A process that crashes on a model is started again with the next model.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, createReadStream, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Target } from '../../src/ir/targets/targets.js';
import { root } from '../usage.js';
import { PROBE } from './form.js';

/** The log's content about one model. */
export interface Placed {
  /** Operators of nodes by the runtime's name of the provider; PROBE stands for the probed node. */
  readonly nodes: Readonly<Record<string, string[]>>;
  /** Names of nodes by provider. The provider that took all nodes has an entry too. */
  readonly names: Readonly<Record<string, string[]>>;
  readonly all: string | undefined;
  /** The runtime's refusal. */
  readonly error: string | undefined;
  /** True where the process crashed on the model. */
  readonly isCrash: boolean;
}

type Environment = Readonly<Record<string, string>>;

/** The placement of each model file, in order. `env`: more variables for the process of the runtime. Throws where the provider does not start. */
export async function placedOf(files: readonly string[], provider: Target, env: Environment = {}): Promise<Placed[]> {
  const found: Placed[] = [];
  while (found.length < files.length) {
    const batch = await oneProcess(files.slice(found.length), provider, env);
    if (batch.length === 0) throw new Error(`${provider}: the runtime does not start`);
    found.push(...batch);
  }
  return found;
}

/** Placements of as many models as one process survives; the last may be the crash. */
async function oneProcess(files: readonly string[], provider: Target, env: Environment): Promise<Placed[]> {
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
  const found: { -readonly [Part in keyof Placed]: Placed[Part] }[] = [];
  let provider = '';
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const last = found.at(-1);
    if (line.startsWith('@model'))
      found.push({ nodes: {}, names: {}, all: undefined, error: undefined, isCrash: true });
    else if (last && line.startsWith('@done')) last.isCrash = false;
    else if (last && line.startsWith('@refused ')) last.error = line.slice('@refused '.length);
    else if (last && line.includes('VerifyEachNodeIsAssignedToAnEp')) {
      provider = /placed on \[(\w+)\]/.exec(line)?.[1] ?? provider;
      const isAll = line.includes('All nodes placed');
      if (isAll) last.all = provider;
      const [, opType = '', name = ''] = /\]\s+(\w+) \((.*)\)/.exec(line) ?? [];
      if (!isAll && !opType) continue;
      last.nodes = with1(last.nodes, provider, isAll || name === PROBE ? PROBE : opType);
      if (name) last.names = with1(last.names, provider, name);
    }
  }
  return found;
}

function with1(
  lists: Readonly<Record<string, string[]>>,
  key: string,
  one: string,
): Readonly<Record<string, string[]>> {
  const list = lists[key];
  if (!list) return { ...lists, [key]: [one] };
  list.push(one);
  return lists;
}
