/** Finds what models run on in a browser: the browser, and onnxruntime-web. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join, resolve } from 'node:path';
import { RuntimeError } from '../runtime-error.js';

/** What starts a browser: its program, the folder of onnxruntime-web's files, and a folder for the browser's own files. */
export interface BrowserPaths {
  readonly program: string;
  readonly runtime: string;
  readonly profile: string;
}

/** Environment variables, in words of our own, as the types of the package name none of Node's. */
type Environment = Readonly<Record<string, string | undefined>>;

/** Looks for program and runtime. Throws RuntimeError where one is missing. */
export function browserPaths(profile: string, env: Environment): BrowserPaths {
  try {
    return { program: resolve(browserPath(env)), runtime: runtimeFolder(env), profile };
  } catch (error) {
    throw new RuntimeError('error', (error as Error).message);
  }
}

const commands = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge', 'chrome'];

const windows = ['Google\\Chrome\\Application\\chrome.exe', 'Microsoft\\Edge\\Application\\msedge.exe'];

const mac = ['Google Chrome', 'Chromium', 'Microsoft Edge'].map(
  (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
);

/** The path of the browser. Throws where there is none. */
export function browserPath(env: Environment = process.env, platform: string = process.platform): string {
  const given = env.CHROME_PATH;
  if (given) {
    if (existsSync(given)) return given;
    throw new Error(`CHROME_PATH=${given}: expected a browser; found nothing there`);
  }
  const found = candidates(env, platform).find((path) => existsSync(path));
  if (found) return found;
  throw new Error(
    'expected Chrome, Chromium or Edge; found none. Install one (on Debian: apt install chromium), or name it in CHROME_PATH',
  );
}

function candidates(env: Environment, platform: string): string[] {
  const folders = [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA].filter((one) => one !== undefined);
  if (platform === 'win32') return folders.flatMap((folder) => windows.map((path) => join(folder, path)));
  const inPath = (env.PATH ?? '').split(delimiter).filter(Boolean);
  return [
    ...(platform === 'darwin' ? mac : []),
    ...commands.flatMap((name) => inPath.map((folder) => join(folder, name))),
  ];
}

/** The folder of onnxruntime-web's files. It is no dependency of this package, as few need it. Throws where it is not installed. */
export function runtimeFolder(env: Environment = process.env): string {
  const places = [
    env.ONNX_PASSES_RUNTIME && resolve(env.ONNX_PASSES_RUNTIME, 'package.json'),
    join(process.cwd(), 'package.json'),
    import.meta.url,
  ];
  for (const place of places) {
    if (!place) continue;
    try {
      return dirname(createRequire(place).resolve('onnxruntime-web/webgpu'));
    } catch {
      // It may be installed at the next place.
    }
  }
  throw new Error('expected onnxruntime-web; found none. Install it: npm install onnxruntime-web');
}
