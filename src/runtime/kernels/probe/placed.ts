/**
 * Asks the runtime where it places the nodes of models. Nothing is run: the runtime writes placements to its log when a session is made. The log is a file,
 * since the runtime loses lines on a pipe. A process that crashes on a model is started again with the next model.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, createReadStream, openSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { append } from '../../../ir/collections/lists.js';
import type { Target } from '../../../ir/targets/targets.js';
import { endChild, kill, startChild } from '../../child-process.js';
import { temporaryFolder } from '../../temporary-folder.js';
import { lines, type ProbedModel } from './child-lines.js';
import { PROBE } from './form.js';

/** The log's content about one model. */
export interface NodePlaces {
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

/** The path or the bytes of the model with a number; undefined where there is none to try. */
export type ModelAt = (index: number) => ProbedModel['model'] | Promise<ProbedModel['model'] | undefined> | undefined;

export interface Probing {
  readonly provider: Target;
  /** More variables for the process of the runtime. */
  readonly env?: Readonly<Record<string, string>>;
  /** Told how many models are done. */
  readonly onProgress?: (done: number) => void;
}

/** Milliseconds that a session may take before it counts as a crash. The first one may start a device. */
const LIMIT = 120_000;

/** The placement of each model, in order; undefined where there is none. Throws where the provider does not start. */
export async function placedOf(count: number, modelAt: ModelAt, probing: Probing): Promise<(NodePlaces | undefined)[]> {
  const found: (NodePlaces | undefined)[] = [];
  while (found.length < count) {
    const batch = await oneProcess(found.length, count, modelAt, probing);
    if (batch.length === 0) throw new Error(`${probing.provider}: the runtime does not start`);
    append(found, batch);
  }
  return found;
}

/** Placements from one model on, of as many as one process survives; the last may be the crash. */
async function oneProcess(
  first: number,
  count: number,
  modelAt: ModelAt,
  probing: Probing,
): Promise<(NodePlaces | undefined)[]> {
  const folder = temporaryFolder();
  const path = join(folder.path, 'log');
  const log = openSync(path, 'w');
  const child = startChild(probing.env, { file: 'kernel-probe-child', words: [probing.provider], errors: log });
  const tried: boolean[] = [];
  try {
    let isAlive = await answers(child);
    for (let index = first; isAlive && index < count; index++) {
      const model = await modelAt(index);
      tried.push(model !== undefined);
      if (model !== undefined) {
        const answer = answers(child);
        child.send({ model } satisfies ProbedModel);
        isAlive = await answer;
      }
      probing.onProgress?.(index + 1);
    }
    await endChild(child);
    const placed = await readLog(path);
    return tried.map((wasTried) => (wasTried ? placed.shift() : undefined));
  } finally {
    await endChild(child);
    closeSync(log);
    folder.remove();
  }
}

/** True once the process answers, false where it ends, or does not answer in time. */
async function answers(child: ChildProcess): Promise<boolean> {
  const ended = new AbortController();
  const timer = setTimeout(() => kill(child), LIMIT);
  try {
    const end = once(child, 'exit', { signal: ended.signal }).then(() => false);
    return await Promise.race([once(child, 'message', { signal: ended.signal }).then(() => true), end]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
    ended.abort();
  }
}

async function readLog(path: string): Promise<NodePlaces[]> {
  const found: { -readonly [Part in keyof NodePlaces]: NodePlaces[Part] }[] = [];
  let provider = '';
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const last = found.at(-1);
    if (line.startsWith(lines.begins))
      found.push({ nodes: {}, names: {}, all: undefined, error: undefined, isCrash: true });
    else if (last && line.startsWith(lines.ends)) last.isCrash = false;
    else if (last && line.startsWith(lines.refused)) last.error = line.slice(lines.refused.length);
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
