/** The folder of this package among those that the platform has for what may be lost. */
import { homedir } from 'node:os';
import { join } from 'node:path';

export function cacheFolder(): string {
  const { LOCALAPPDATA, XDG_CACHE_HOME } = process.env;
  const folders: Partial<Record<NodeJS.Platform, string>> = {
    win32: LOCALAPPDATA || join(homedir(), 'AppData', 'Local'),
    darwin: join(homedir(), 'Library', 'Caches'),
  };
  return join(folders[process.platform] ?? (XDG_CACHE_HOME || join(homedir(), '.cache')), 'onnx-passes');
}
