/**
 * One process at a time puts the files of a set in their places. There is no lock to break: whoever wants the turn makes a file of its own that says
 * so, and then looks for those of others. Of two at least the later one sees the other; who sees one takes its own away and tries again.
 */
import { closeSync, fstatSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ModelError } from '../ir/text/errors.js';
import { attempt } from './fault.js';
import { clearTemporaries, createTemporary, type Temporary } from './temporary.js';

/** How long to wait for another process, in ms. */
const PATIENCE = 30_000;

export interface WriteTurn {
  /** What new files may be done with here, by umask and folder. */
  readonly mode: number;
  end(): void;
}

/** Waits until no other process is about to put files in their places at a path. Throws ModelError after half a minute, and the reason of a signal that is aborted. */
export async function takeTurn(path: string, signal?: AbortSignal): Promise<WriteTurn> {
  const [folder, name] = [dirname(path), basename(path)];
  for (const until = Date.now() + PATIENCE; ; ) {
    const mine = attempt(path, () => createTemporary(folder, name, 'turn'));
    try {
      const mode = attempt(path, () => modeOf(mine));
      const [other] = clearTemporaries(folder, name).filter((turn) => turn !== mine.path);
      if (other === undefined) return { mode, end: mine.drop };
      if (Date.now() > until)
        throw new ModelError(path, 'one writer at a time', 'another', `Wait for it; if there is none, remove ${other}`);
    } catch (error) {
      mine.drop();
      throw error;
    }
    mine.drop();
    await setTimeout(2 + Math.random() * 10);
    signal?.throwIfAborted();
  }
}

function modeOf({ descriptor }: Temporary): number {
  try {
    return fstatSync(descriptor).mode & 0o777;
  } finally {
    closeSync(descriptor);
  }
}
