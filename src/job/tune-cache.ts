/** The file that keeps what tuning measured: JSON, races by their key. Runs, models and machines share it. */

import { access, constants, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cacheFolder } from '../disk/cache-folder.js';
import { takeTurn } from '../disk/turn.js';
import { writeSet } from '../disk/write-set.js';
import { named, under } from '../ir/collections/named.js';
import { ModelError } from '../ir/text/errors.js';
import { UsageError } from '../ir/text/usage-error.js';
import type { KeptRace, RaceStore } from '../validate/speed/kept-races.js';

const SCHEMA = 'onnx-passes/tune-cache';

type Races = Readonly<Record<string, KeptRace>>;

/** The most races of a file: the oldest go. */
const MOST = 20_000;

/** `tune.json` in the folder for what may be lost, where it can be written; undefined elsewhere. */
export async function usableCachePath(): Promise<string | undefined> {
  const path = join(cacheFolder(), 'tune.json');
  try {
    await mkdir(dirname(path), { recursive: true });
    await access(dirname(path), constants.W_OK);
    return path;
  } catch {
    return undefined;
  }
}

/** The races in a file; none where there is no file. Throws UsageError for a file of another kind. */
async function racesIn(path: string): Promise<Races> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    const { code, message } = error as NodeJS.ErrnoException;
    const found = code === 'EISDIR' ? 'a folder' : message;
    throw new UsageError(`tune-cache: ${path}: expected a file that may be read, or none; found ${found}`);
  }
  try {
    const { schema, races } = JSON.parse(text) as { schema?: unknown; races?: unknown };
    if (schema === SCHEMA && typeof races === 'object' && races !== null) return races as Races;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new UsageError(`tune-cache: ${path}: expected a file that an earlier run wrote, or none; found another`);
}

/**
 * Opens a cache. It is written after each race, whole or not at all, together with what others have written meanwhile. Once that fails, races are
 * kept for this run alone: no race is worth the end of a run, nor a wait for each of them.
 */
export async function openTuneCache(path: string): Promise<RaceStore> {
  let races: Races = await racesIn(path);
  await mkdir(dirname(path), { recursive: true }).catch((error: Error) => {
    throw new UsageError(`tune-cache: ${path}: expected a folder that may be written; found ${error.message}`);
  });
  let fault: string | undefined;
  /** Nobody else writes between reading and writing; the turn is another one than that which each write of the file takes. */
  const write = async (): Promise<void> => {
    const turn = await takeTurn(`${path}.races`);
    try {
      const all = Object.entries({ ...(await racesIn(path)), ...races });
      races = named(all.sort(([, a], [, b]) => (a.measured < b.measured ? 1 : -1)).slice(0, MOST));
      const content = new TextEncoder().encode(`${JSON.stringify({ schema: SCHEMA, version: 1, races })}\n`);
      await writeSet({ path, content: () => [content] });
    } finally {
      turn.end();
    }
  };
  return {
    get: (key) => under(races, key),
    async set(key, race) {
      races = named([...Object.entries(races), [key, race]]);
      if (fault !== undefined) return;
      try {
        await write();
      } catch (error) {
        if (!(error instanceof ModelError || error instanceof UsageError)) throw error;
        fault = error.message;
      }
    },
    get fault() {
      return fault;
    },
  };
}
