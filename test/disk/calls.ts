/** Records every call of this process to the file system, and can make one of them fail. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { promisify } from 'node:util';

type Call = (...args: unknown[]) => unknown;

/** What the writer uses, and more. */
const calls = [
  ...['openSync', 'closeSync', 'fstatSync', 'lstatSync', 'statSync', 'readSync', 'readdirSync', 'renameSync'],
  ...['unlinkSync', 'chmodSync', 'fsyncSync', 'existsSync', 'createReadStream', 'writeSync', 'fsync'],
];

const { writeSync } = fs;

/** What a call does where it is not made: what it leaves half done. */
const halves: Readonly<Record<string, Call>> = {
  // A process that ends has nothing open.
  closeSync: fs.closeSync as Call,
  writeSync: (descriptor, bytes) =>
    writeSync(descriptor as number, bytes as Uint8Array, 0, (bytes as Uint8Array).length >> 1),
};

interface Watch {
  before(call: number, name: string): void;
  calls: number;
  /** A file of before may be closed at any time: when nothing refers to it any more. */
  readonly opened: Set<unknown>;
}

let current: Watch | undefined;

const watched =
  (name: string, call: Call): Call =>
  (...args) => {
    if (!current || (name === 'closeSync' && !current.opened.delete(args[0]))) return call(...args);
    try {
      current.before(++current.calls, name);
    } catch (stop) {
      halves[name]?.(...args);
      throw stop;
    }
    const given = name.startsWith('fsync') ? undefined : call(...args);
    if (name === 'openSync') current.opened.add(given);
    return given;
  };

const module = fs as unknown as Record<string, Call>;
for (const name of calls) {
  const original = module[name] as Call;
  const promised = watched(name, promisify(original as () => void) as Call);
  const custom = async (...args: unknown[]): Promise<unknown> => promised(...args);
  module[name] = Object.assign(watched(name, original), { [promisify.custom]: custom });
}
syncBuiltinESMExports();

/**
 * Does some work, with `before` called ahead of each call, by its number (from 1) and name: what that throws, the call
 * throws. Tells how many there were, and the error that the work ended with. Nothing is synced: no test pulls the plug.
 */
export async function watching(work: () => Promise<unknown>, before: Watch['before'] = () => {}) {
  const watch: Watch = { before, calls: 0, opened: new Set() };
  current = watch;
  try {
    await work();
    return { calls: watch.calls };
  } catch (error) {
    return { calls: watch.calls, error: error as Error & { code?: string } };
  } finally {
    current = undefined;
  }
}
