/** Sessions of onnxruntime-web, in a browser that this process starts. What ends the browser, or loses its device, ends this process. */
import { existsSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BROWSER } from '../../ir/targets/targets.js';
import type { HostedSession } from '../hosted-session.js';
import type { Calls } from '../protocol.js';
import type { Adapter } from './adapter.js';
import { openPage, type Page } from './browser.js';
import type { BrowserPaths } from './find.js';
import { packed, unpacked } from './packed.js';
import { LOST, type PageCalls } from './page-calls.js';
import { FileServer } from './server.js';

interface Host {
  readonly page: Page;
  readonly server: FileServer;
}

let host: Promise<Host> | undefined;

/** Starts browser and server at the first request. */
const hostIn = (paths: BrowserPaths): Promise<Host> => (host ??= start(paths));

async function start({ program, runtime, profile }: BrowserPaths): Promise<Host> {
  const script = pageScript();
  const server = new FileServer(`page/${basename(script)}`, { page: dirname(script), runtime });
  const address = await server.start();
  const opened = { server, page: await openPage(program, address, profile, die) };
  const served = server.add(await keeperModel());
  const options = { provider: BROWSER } as const;
  await call(opened, 'load', { session: KEEPER, model: served.path, data: [], options }).finally(served.remove);
  return opened;
}

/** The session that is never released: with the last one, the runtime would forget the shaders that it has compiled. */
const KEEPER = 0;

async function keeperModel(): Promise<Uint8Array> {
  const { buildModel } = await import('../../ir/build.js');
  const { writeModel } = await import('../../onnx/write.js');
  return writeModel(
    buildModel({ '': 17 }, (g) => g.output('y', g.op('Relu', [g.input('x', 'float32', [1])]), 'float32', [1])),
  );
}

/** Ends the process: its parent takes that for a crash, with the reason. */
function die(reason: string): void {
  process.stderr.write(`\n${reason}\n`, () => process.exit(1));
}

/** The page's script: beside this file in a build; in the build's folder when this file runs from source. */
function pageScript(): string {
  const beside = fileURLToPath(new URL('./runtime-page.js', import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(new URL('../../../dist/runtime-page.js', import.meta.url));
}

async function call<Name extends keyof PageCalls>(
  { page }: Host,
  name: Name,
  rest: PageCalls[Name]['arguments'],
): Promise<PageCalls[Name]['result']> {
  const request = JSON.stringify({ call: name, arguments: rest });
  try {
    const result = await page.evaluate(`answer(${request})`);
    return result as PageCalls[Name]['result'];
  } catch (error) {
    if ((error as Error).message.includes(LOST)) die((error as Error).message);
    throw error;
  }
}

export const adapterIn = async (paths: BrowserPaths): Promise<Adapter> =>
  call(await hostIn(paths), 'adapter', undefined);

let count = KEEPER;

export async function loadInBrowser(
  { model, options, profilePrefix, externalData }: Calls['load']['arguments'],
  paths: BrowserPaths,
): Promise<HostedSession> {
  const at = await hostIn(paths);
  const { server } = at;
  const session = ++count;
  const served = server.add(model);
  const data = externalData.map(({ location, path }) => ({ location, ...server.add(path) }));
  const given = data.map(({ location, path }) => ({ path: location, data: path }));
  const { inputs, outputs, ms } = await call(at, 'load', { session, model: served.path, data: given, options }).finally(
    () => {
      for (const { remove } of [served, ...data]) remove();
    },
  );
  return {
    inputs,
    outputs,
    ms,
    async run(feeds, names) {
      const [sent, results] = [server.add(packed(feeds)), server.awaited()];
      try {
        const found = await call(at, 'run', { session, feeds: sent.path, results: results.path, outputs: names });
        return { outputs: unpacked(await results.body), ms: found.ms, waitedMs: 0 };
      } finally {
        for (const { remove } of [sent, results]) remove();
      }
    },
    async time(feeds, times) {
      const sent = server.add(packed(feeds));
      const found = await call(at, 'time', { session, feeds: sent.path, count: times }).finally(() => sent.remove());
      // A GPU's work is no time of the CPU.
      return { ms: found.ms, cpuMs: found.ms };
    },
    async endProfiling() {
      writeFileSync(`${profilePrefix}.json`, await call(at, 'endProfiling', { session }));
    },
    release: () => call(at, 'release', { session }),
  };
}
