/** Starts a browser without a window, and opens one page in it. */
import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { DevTools } from './devtools.js';

const arguments_ = [
  '--headless=new',
  '--remote-debugging-pipe',
  // WebGPU on Linux, and on Vulkan where there is a GPU.
  '--enable-unsafe-webgpu',
  '--enable-features=Vulkan',
  '--ignore-gpu-blocklist',
  // A shader may take minutes in software.
  '--disable-gpu-watchdog',
  // Nothing but the page of this process.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
  '--no-proxy-server',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-extensions',
  '--disable-sync',
  '--disable-breakpad',
  '--disable-features=SpareRendererForSitePerProcess',
  '--mute-audio',
];

/** The number of bytes kept from the end of the browser's error stream. */
const TAIL = 4096;

interface Evaluated {
  readonly result: { readonly value?: unknown };
  readonly exceptionDetails?: { readonly text: string; readonly exception?: { readonly description?: string } };
}

export interface Page {
  /** The value of an expression, or of its promise. Rejects with the page's error. */
  evaluate(expression: string): Promise<unknown>;
  /** A command of the DevTools protocol to this page. */
  send<Result = unknown>(method: string, params?: object): Promise<Result>;
  on: DevTools['on'];
}

/** The longest path of a folder in which the browser's socket has a path that the system takes. */
const SOCKET_FOLDER = 60;

/** The browser is killed and removes nothing: its temporary folder goes with its profile, which whoever started it removes. */
const environmentOf = (profile: string): NodeJS.ProcessEnv =>
  profile.length > SOCKET_FOLDER ? process.env : { ...process.env, TMPDIR: profile };

/** Opens a page. `onEnd` is called with the reason when browser or page end; they end with this process at the latest. */
export async function openPage(
  path: string,
  address: string,
  profile: string,
  onEnd: (reason: string) => void,
): Promise<Page> {
  const isRoot = process.getuid?.() === 0;
  const child = spawn(
    path,
    [...arguments_, `--user-data-dir=${profile}`, ...(isRoot ? ['--no-sandbox'] : []), 'about:blank'],
    { stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'], env: environmentOf(profile) },
  );
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-TAIL);
  });
  child.on('error', (error) => onEnd(error.message));
  child.on('close', (code, signal) => onEnd(`the browser ended: ${signal ?? `exit code ${code}`}${reasonIn(said)}`));
  const tools = new DevTools(child.stdio[3] as Writable, child.stdio[4] as Readable);
  tools.on('Inspector.targetCrashed', () => onEnd("the browser's page crashed"));
  const { targetId } = await tools.send<{ targetId: string }>('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await tools.send<{ sessionId: string }>('Target.attachToTarget', { targetId, flatten: true });
  await tools.send('Inspector.enable', {}, sessionId);
  await tools.send('Page.enable', {}, sessionId);
  const isLoaded = new Promise<unknown>((resolve) => tools.on('Page.loadEventFired', resolve));
  await tools.send('Page.navigate', { url: address }, sessionId);
  await isLoaded;
  return {
    send: (method, params) => tools.send(method, params, sessionId),
    on: (event, action) => tools.on(event, action),
    async evaluate(expression) {
      const options = { expression, awaitPromise: true, returnByValue: true };
      const { result, exceptionDetails } = await tools.send<Evaluated>('Runtime.evaluate', options, sessionId);
      if (exceptionDetails) throw new Error(messageOf(exceptionDetails));
      return result.value;
    },
  };
}

/** The message of an error, without its name and stack. */
const messageOf = ({ text, exception }: NonNullable<Evaluated['exceptionDetails']>): string =>
  (exception?.description ?? text).replace(/^(?:Uncaught )?(?:\w*Error: )?/, '').replace(/\n {4}at [\s\S]*$/, '');

/** The last line of the browser's error stream that is no noise of its start. */
function reasonIn(said: string): string {
  const line = said.split('\n').findLast((one) => one.trim() !== '' && !/dbus|unexpected operator/.test(one));
  return line ? ` (${line.trim()})` : '';
}
