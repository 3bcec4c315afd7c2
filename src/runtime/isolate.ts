/**
 * Runs models in child processes. Any failure of a runtime (it throws, aborts, hangs, is killed) becomes a RuntimeError
 * here. One process does one thing at a time; an idle one does not keep Node from ending.
 */

import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { NO_RUNTIME, runtimeVersion } from '../installed-runtime.js';
import { BROWSER, isHost } from '../ir/targets/targets.js';
import { bytesText, msText } from '../ir/text/quantities.js';
import { UsageError } from '../ir/text/usage-error.js';
import { endChild, kill, lastWords, startChild } from './child-process.js';
import { isWithoutGpu } from './device.js';
import { explain } from './explain.js';
import { keepIdle, takeIdle } from './idle.js';
import { currentJob } from './job.js';
import type { RunLimits } from './limits.js';
import { Parking } from './parking.js';
import { type CallName, type Calls, type LoadOptions, type Reply, TOO_LARGE } from './protocol.js';
import { isKilled, RuntimeError } from './runtime-error.js';
import type { Session } from './session.js';
import { type TemporaryFolder, temporaryFolder } from './temporary-folder.js';
import { readTrace } from './trace.js';
import { type BrowserPaths, browserPaths } from './web/find.js';

export type { LoadOptions, Port, Provider, RunTimes, TensorData, Tensors } from './protocol.js';
export { onceMore, RuntimeError, uncheckedText } from './runtime-error.js';
export type { NodeRun, Session, TracedType } from './session.js';

export interface ProcessOptions {
  /** Milliseconds that one call may take; default 5 minutes. */
  readonly timeoutMs?: number;
  /** Environment variables besides the parent's. */
  readonly env?: Readonly<Record<string, string>>;
}

const FIVE_MINUTES = 300_000;

/** A model in memory of more bytes goes through a file, as the channel between processes copies all it carries. */
const LARGE = 64 * 2 ** 20;

/** A process that has more memory than this is not kept: about four times what the runtime takes. */
const KEPT_BYTES = 512 * 2 ** 20;

/** The number of bytes kept from the end of the child's error stream. They tell the reason of its end. */
const TAIL = 4096;

interface Pending {
  readonly id: number;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** The files of weights of a model, for a runtime that does not read files itself. */
async function externalDataOf(model: string): Promise<{ location: string; path: string }[]> {
  const { readModel } = await import('../onnx/read.js');
  const found: { location: string; path: string }[] = [];
  // The model was read before: what it may read was checked then.
  await readModel(model, {
    allowOutsideData: true,
    onFile: (path, location) => location !== undefined && found.push({ location, path }),
  });
  return found;
}

/** Resolves once Node has looked for events: it does so between two rounds of immediates, and the first may be the one that runs. */
async function eventsHeard(): Promise<void> {
  for (let i = 0; i < 2; i++) await setImmediate();
}

/** One child process. After a crash or a timeout the next `load` starts another; sessions of the old one stay dead. */
export class RuntimeProcess {
  /** Limits of the calls from now on, by the current model. Undefined: the limits of the options hold. */
  limits: RunLimits | undefined;
  readonly #options: ProcessOptions;
  #child: ChildProcess | undefined;
  #pending: Pending | undefined;
  #errorTail = '';
  #isClosed = false;
  #browserFolder: TemporaryFolder | undefined;
  #environment = '';
  /** Whether others may have the child afterwards: it is like any other, and only CPUs have worked for it. */
  #isCommon = false;
  #ids = 0;
  readonly #parking = new Parking();
  /** Settles when all earlier calls have. Each call waits for it. */
  #tail: Promise<unknown> = Promise.resolve();
  /** The signal of the job that started this process. An abort ends every call of this process. */
  readonly #signal = currentJob()?.signal;
  readonly #abort = (): void => {
    if (this.#child) kill(this.#child);
    this.#pending?.reject(this.#signal?.reason);
  };

  private constructor(options: ProcessOptions) {
    this.#options = options;
  }

  static async start(options: ProcessOptions = {}): Promise<RuntimeProcess> {
    const runtime = new RuntimeProcess(options);
    runtime.#signal?.throwIfAborted();
    if ((await runtimeVersion()) === undefined) throw new UsageError(NO_RUNTIME);
    runtime.#signal?.addEventListener('abort', runtime.#abort, { once: true });
    await eventsHeard();
    runtime.#signal?.throwIfAborted();
    runtime.#spawn();
    return runtime;
  }

  /** The process's id; undefined after its end. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Loads a model from a path or from bytes, or takes up the session that is parked, if it is of these. Rejects with RuntimeError. */
  async load(model: string | Uint8Array, options: LoadOptions): Promise<Session> {
    return (await this.#parking.take([model, options])) ?? this.#load(model, options);
  }

  /** Begins to load a model that will be asked for, and parks it. */
  preload(model: string | Uint8Array, options: LoadOptions): void {
    const emptied = this.#parking.take([model, options]);
    this.#parking.put(
      [model, options],
      emptied.then((session) => session ?? this.#load(model, options)),
    );
  }

  async #load(model: string | Uint8Array, options: LoadOptions): Promise<Session> {
    this.#signal?.throwIfAborted();
    if (!this.#child) await eventsHeard();
    if (!this.#child && !this.#isClosed) this.#spawn();
    const isCommon = this.#isCommon;
    if (!isHost(options.provider)) this.#isCommon = false;
    const folder =
      options.profile || (typeof model !== 'string' && model.length > LARGE) ? temporaryFolder() : undefined;
    try {
      let source = model;
      if (folder && typeof model !== 'string' && model.length > LARGE) {
        source = join(folder.path, 'model.onnx');
        writeFileSync(source, model);
      }
      const profilePrefix = folder && options.profile ? join(folder.path, 'profile') : undefined;
      const child = this.#child;
      const from = typeof source === 'string' && !isAbsolute(source) ? process.cwd() : undefined;
      const isBrowser = options.provider === BROWSER;
      const loaded = await this.#call('load', {
        ...{ model: source, options, folder: from, profilePrefix, bytes: this.limits?.bytes },
        browser: isBrowser ? this.#browserPaths() : undefined,
        externalData: isBrowser && typeof source === 'string' ? await externalDataOf(source) : [],
      });
      return this.#session(child, loaded, model, options, options.profile ? folder : undefined);
    } catch (error) {
      if (options.profile) folder?.remove();
      if (isCommon && !this.#isCommon && this.#child) this.#isCommon = await this.#isAsBefore();
      throw error;
    } finally {
      if (!options.profile) folder?.remove();
    }
  }

  /** Whether a provider that was refused has left nothing. */
  async #isAsBefore(): Promise<boolean> {
    const found = await this.open().catch(() => undefined);
    return found !== undefined && isWithoutGpu(found);
  }

  /** The GPU of the browser, which is started for it. */
  async adapter(): Promise<Calls['adapter']['result']> {
    this.#isCommon = false;
    return this.#call('adapter', this.#browserPaths());
  }

  /** Libraries and device files that the process has open. */
  open(): Promise<Calls['open']['result']> {
    return this.#call('open', undefined);
  }

  /** Gives the process up once its calls are done: it ends, or the next that starts has it. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#signal?.removeEventListener('abort', this.#abort);
    await this.#tail.catch(() => {});
    const isSmall =
      this.#isCommon && this.#child && (await this.#call('reset', undefined).catch(() => Infinity)) < KEPT_BYTES;
    const child = this.#child;
    this.#child = undefined;
    if (child) await (isSmall ? keepIdle(child, this.#environment) : endChild(child));
    this.#browserFolder?.remove();
  }

  /**
   * The paths are found here: the child may have begun in another folder. The browser cannot remove the folder of its
   * own files itself: it is killed with the process.
   */
  #browserPaths(): BrowserPaths {
    this.#browserFolder ??= temporaryFolder();
    return browserPaths(this.#browserFolder.path, { ...process.env, ...this.#options.env });
  }

  #session(
    child: ChildProcess | undefined,
    { session, inputs, outputs, ms, cpuMs }: Calls['load']['result'],
    model: string | Uint8Array,
    options: LoadOptions,
    folder: TemporaryFolder | undefined,
  ): Session {
    const call = <Name extends CallName>(name: Name, rest: Calls[Name]['arguments']): Promise<Calls[Name]['result']> =>
      this.#call(name, rest, child);
    const isAlive = (): boolean => this.#child === child;
    let last: Session['last'];
    const loaded: Session = {
      get isAlive() {
        return isAlive();
      },
      options,
      inputs,
      outputs,
      createMs: ms,
      createCpuMs: cpuMs,
      get last() {
        return last;
      },
      run: async (feeds, names, summed = []) => {
        const ran = await call('run', { session, feeds, outputs: names, summed });
        last = { feeds, ms: ran.ms, waitedMs: ran.waitedMs };
        return ran;
      },
      sum: (output) => call('sum', { session, output }),
      time: (feeds, count) => call('time', { session, feeds, count }),
      profile: async () => {
        if (!folder) throw new TypeError('session: it was not loaded with profile: true');
        try {
          await call('endProfiling', { session });
          return readdirSync(folder.path)
            .filter((file) => file.endsWith('.json'))
            .flatMap((file) => readTrace(readFileSync(join(folder.path, file), 'utf8')));
        } finally {
          folder.remove();
        }
      },
      park: async () => {
        if (folder || !isAlive() || this.#parking.isTaken) return loaded.release();
        this.#parking.put([model, options], Promise.resolve(loaded));
      },
      release: async () => {
        if (isAlive()) await call('release', { session }).catch(() => {});
        folder?.remove();
      },
    };
    return loaded;
  }

  /** To be called once events were heard: an idle child may have ended while this thread worked. */
  #spawn(): void {
    this.#errorTail = '';
    this.#isCommon = !this.#options.env && !this.#signal;
    // A child that was started with other variables would not see what was set since.
    this.#environment = JSON.stringify(process.env);
    const child = (this.#isCommon ? takeIdle(this.#environment) : undefined) ?? startChild(this.#options.env);
    this.#child = child;
    this.#refer(false);
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#errorTail = (this.#errorTail + chunk.toString()).slice(-TAIL);
    });
    child.on('message', (reply: Reply) => {
      const pending = this.#pending;
      if (pending?.id !== reply.id) return;
      if ('error' in reply)
        pending.reject(new RuntimeError(isKilled(reply.error) ? 'killed' : 'error', explain(reply.error)));
      else pending.resolve(reply.result);
    });
    const ended = (how: string, signal?: string | null): void => {
      if (this.#child !== child) return;
      this.#child = undefined;
      const said = lastWords(this.#errorTail);
      if (said === TOO_LARGE && this.limits) {
        const text = `the process that runs the model took ${bytesText(this.limits.bytes)} and was ${this.limits.tooLarge}`;
        this.#pending?.reject(new RuntimeError('timeout', text));
        return;
      }
      this.#pending?.reject(
        new RuntimeError(
          isKilled(this.#errorTail, signal) ? 'killed' : 'crash',
          `the process that runs the model ended: ${how}${said && ` (${said})`}`,
        ),
      );
    };
    child.on('error', (error) => ended(error.message));
    // `close` comes after the last of the error stream, `exit` may not.
    child.on('close', (code, signal) => ended(signal ?? `exit code ${code}`, signal));
  }

  /** Lets the child keep Node from ending while it works, and only then. */
  #refer(isBusy: boolean): void {
    const child = this.#child;
    if (!child) return;
    const verb = isBusy ? 'ref' : 'unref';
    child[verb]();
    child.channel?.[verb]();
    (child.stderr as (Readable & { ref?(): void; unref?(): void }) | null)?.[verb]?.();
  }

  #call<Name extends CallName>(
    name: Name,
    rest: Calls[Name]['arguments'],
    child = this.#child,
  ): Promise<Calls[Name]['result']> {
    const result = this.#tail.then(
      () => this.#send(name, rest, child),
      () => this.#send(name, rest, child),
    );
    this.#tail = result.catch(() => {});
    return result;
  }

  #send<Name extends CallName>(
    name: Name,
    rest: Calls[Name]['arguments'],
    child: ChildProcess | undefined,
  ): Promise<Calls[Name]['result']> {
    if (this.#signal?.aborted) return Promise.reject(this.#signal.reason);
    if (!child || child !== this.#child)
      return Promise.reject(new RuntimeError('crash', 'the process that held this session has ended'));
    const id = ++this.#ids;
    const most = this.#options.timeoutMs ?? FIVE_MINUTES;
    const limit = Math.min(most, 1000 * (this.limits?.seconds ?? Number.POSITIVE_INFINITY));
    const how = limit < most ? this.limits?.tooLong : 'ended';
    this.#refer(true);
    let timer: NodeJS.Timeout | undefined;
    return new Promise<Calls[Name]['result']>((resolve, reject) => {
      timer = setTimeout(() => {
        this.#child = undefined;
        kill(child);
        reject(new RuntimeError('timeout', `${name} took longer than ${msText(limit)} and was ${how}`));
      }, limit);
      this.#pending = { id, resolve: (value) => resolve(value as Calls[Name]['result']), reject };
      child.send({ id, call: name, arguments: rest }, (error) => {
        // A channel breaks where its child ends, which may be heard of later: `close` reports the reason.
        if (error && child === this.#child) kill(child);
      });
    }).finally(() => {
      clearTimeout(timer);
      this.#pending = undefined;
      this.#refer(false);
    });
  }
}
