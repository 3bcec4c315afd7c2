/** What the operating system says about a file that is to be written ⟶ ModelError. */
import { ModelError } from '../ir/text/errors.js';

type Fault = readonly [expected: string, found: string, remedy?: string];

const denied: Fault = ['a folder that may be written', 'no permission'];
const full: Fault = ['room to write', 'a full disk'];
const mounted: Fault = ['a path that a file can be renamed to', 'the border of another file system'];

const faults: Readonly<Record<string, Fault>> = {
  ENOENT: ['a folder to write into', 'none', 'Make it first'],
  ENOTDIR: ['a folder to write into', 'a file on the way to it'],
  EACCES: denied,
  EPERM: denied,
  EROFS: ['a folder that may be written', 'a read-only file system'],
  ENOSPC: full,
  EDQUOT: ['room to write', 'a quota that is used up'],
  EFBIG: ['a file system for files of this size', 'one for smaller files'],
  ENAMETOOLONG: ['a shorter name', 'one that the file system does not take'],
  ELOOP: ['a folder to write into', 'links in a circle'],
  EXDEV: mounted,
  EBUSY: mounted,
  EISDIR: ['a path for a file', 'a folder'],
  EMFILE: ['a file that can be opened', 'as many open files as the process may have'],
  ENFILE: ['a file that can be opened', 'as many open files as the system may have'],
  EIO: ['a disk that works', 'one that gives errors (EIO)'],
  ERR_INVALID_ARG_VALUE: ['a path', 'one with a null byte'],
};

/** ModelError naming the path where the system refuses; anything else as it is. `remedy` stands where none is known. */
export function faultOf(path: string, error: unknown, remedy = ''): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  const [expected, found, known] = faults[code] ?? ['a file that can be written', code];
  return new ModelError(
    code === 'ERR_INVALID_ARG_VALUE' ? JSON.stringify(path) : path,
    expected,
    found,
    remedy || known,
  );
}

/** Does something to a file. Throws ModelError where the system refuses. */
export function attempt<T>(path: string, work: () => T, remedy?: string): T {
  try {
    return work();
  } catch (error) {
    throw faultOf(path, error, remedy);
  }
}
