/** `--watch`: the job again whenever a file that it reads changes. */
import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { shownText } from '../../../src/ir/text/shown-text.js';
import { fail } from '../../terminal/fail.js';
import { stderr } from '../../terminal/terminal.js';

/** Milliseconds without another change: a file is written in pieces, and editors write several. */
const QUIET_MS = 300;

/** Does the work, then again after each change of a file. A fault is said and ends nothing; never returns but by an interrupt. */
export async function watching(paths: () => Promise<readonly string[]>, work: () => Promise<number>): Promise<never> {
  for (;;) {
    const watched = await paths();
    // What changes while the work goes on counts.
    const before = await statesOf(watched);
    await work().catch(fail);
    stderr.write(`${shownText(`watching ${listText(watched)}; Ctrl-C ends it`)}\n`);
    await changeOf(watched, before);
  }
}

/** Resolves once one of the files is another than in these states, and none has changed for a while. */
export async function changeOf(paths: readonly string[], before: string): Promise<void> {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  let timer: NodeJS.Timeout | undefined;
  const check = (): void => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      if ((await statesOf(paths)) !== before) resolve();
    }, QUIET_MS);
  };
  // Folders: a file that is replaced by a rename is another one.
  const watchers: FSWatcher[] = [...new Set(paths.map((path) => dirname(path)))].map((folder) => watch(folder, check));
  check();
  await promise.finally(() => {
    clearTimeout(timer);
    for (const one of watchers) one.close();
  });
}

/** Size and time of each file. */
export async function statesOf(paths: readonly string[]): Promise<string> {
  const states = await Promise.all(paths.map((path) => stat(path).catch(() => undefined)));
  return states.map((state) => (state ? `${state.size} ${state.mtimeMs} ${state.ino}` : 'none')).join('\n');
}

/** More files are counted alone. */
const SHOWN = 4;

const listText = (paths: readonly string[]): string =>
  paths.length > SHOWN ? `${paths.slice(0, SHOWN).join(', ')} and ${paths.length - SHOWN} more` : paths.join(', ');
