/** How the command ends when something is wrong: one line for what is the user's, the stack for what is ours. */
import { shownText } from '../../src/ir/text/shown-text.js';
import { stderr } from './terminal.js';

/** Errors that need no stack: the model, the pass, the request or the runtime is at fault. */
const expected = new Set(['ModelError', 'PassError', 'UsageError', 'RuntimeError', 'GateError']);

const systemTexts: Readonly<Record<string, string>> = {
  ENOENT: 'expected a file; found none',
  EISDIR: 'expected a file; found a folder',
  ENOTDIR: 'expected a folder on the way; found a file',
  EACCES: 'expected permission; found none',
  EPERM: 'expected permission; found none',
  EROFS: 'expected a place to write; found a read-only file system',
  ENOSPC: 'expected room to write; found the disk full',
};

/** Flags of Node that the command needs where it runs under Node's permission model: it computes in a thread, and models run in child processes. */
const PERMISSIONS = '--allow-fs-read=* --allow-fs-write=* --allow-worker --allow-child-process --allow-addons';

/** Says what went wrong on stderr, and in which job; gives the exit code. */
export function fail(error: unknown, job = ''): number {
  const lines = errorText(error)
    .replace(/^error: /, `error: ${job}`)
    .split('\n');
  stderr.write(`${lines.map(shownText).join('\n')}\n`);
  return 1;
}

/** One line for an expected error; with its stack for any other. */
function errorText(error: unknown): string {
  if (!(error instanceof Error)) return `error: ${String(error)}`;
  const { code, path } = error as NodeJS.ErrnoException;
  const text = code === undefined ? undefined : systemTexts[code];
  if (text) return `error: ${path ? `${path}: ` : ''}${text}`;
  if (code === 'ERR_ACCESS_DENIED')
    return `error: expected what ${PERMISSIONS} allow; found it refused (${error.message})`;
  if (error.name === 'PassError' && !isExpected(error.cause)) return `error: ${error.message}\n${stackOf(error.cause)}`;
  if (isExpected(error)) return `error: ${error.message.replaceAll(/\s*\n\s*/g, ' ')}`;
  return `error: ${error.stack ?? error.message}`;
}

const isExpected = (error: unknown): boolean => error instanceof Error && expected.has(error.name);

const stackOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? '') : '');
