/** The thread of a command, the entry of its own bundle: it works while the main thread listens for signals. */
import { parentPort, workerData } from 'node:worker_threads';
import { overseenBy } from '../../src/leftovers.js';
import { main } from '../main.js';
import { fail } from '../terminal/fail.js';
import { type CommandJob, slot, type ThreadMessage } from './thread.js';

const { words, shared } = workerData as CommandJob;
const tell = (message: ThreadMessage): void => parentPort?.postMessage(message);
let hasStarted = false;

overseenBy({
  enter() {
    Atomics.store(shared, slot.step, 1);
    if (Atomics.load(shared, slot.ending) === 0) return;
    Atomics.store(shared, slot.step, 0);
    Atomics.wait(shared, slot.ending, 1);
  },
  leave() {
    Atomics.store(shared, slot.step, 0);
  },
  tell(event) {
    hasStarted ||= event.kind === 'started';
    tell(event);
  },
});

let code: number;
try {
  code = await main(words);
} catch (error) {
  code = fail(error);
}
if (hasStarted) await (await import('../../src/runtime/child-process.js')).endChildren();
tell({ kind: 'end', code });
