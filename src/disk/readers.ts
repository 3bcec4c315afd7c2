/** Models of a folder that read a data file: another model's data must not take its place. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ModelError } from '../ir/text/errors.js';
import { isTemporary, namesIn } from './temporary.js';

/** Which of these texts a file holds: a model without its weights, in which the empty text stands everywhere; none in any other file. */
export type Mentions = (path: string, names: readonly string[]) => readonly string[];

/** Which of these names a model gives for its data, in full: one that reads `new-w.data` does not read `w.data`. */
export const namesReadBy = (path: string, names: readonly string[], mentions: Mentions): readonly string[] =>
  names.filter((name) => mentions(path, [textInModel(name), textInModel(`./${name}`)]).length > 0);

/** A text as a model's file holds it, behind its length. Lengths of more than one byte are left out: what is found then may be more. */
function textInModel(text: string): string {
  const length = Buffer.byteLength(text);
  return length < 0x80 ? String.fromCharCode(length) + text : text;
}

/** Throws ModelError where a model of the folder, other than the one at `path`, reads a file of one of these names, or has one of them itself. */
export function refuseSharedData(path: string, names: readonly string[], mentions: Mentions): void {
  const folder = dirname(path);
  for (const name of names) {
    const full = join(folder, name);
    if (existsSync(full) && mentions(full, ['']).length > 0)
      throw new ModelError(
        full,
        'a data file, or a name that is free',
        'a model, which it would replace',
        'Use another --data-name, or another folder for --out',
      );
  }
  for (const other of namesIn(folder)) {
    if (other === basename(path) || names.includes(other) || isTemporary(other)) continue;
    const full = join(folder, other);
    const [shared] = isReadable(full) ? namesReadBy(full, names, mentions) : [];
    if (shared !== undefined)
      throw new ModelError(
        join(folder, shared),
        'a data file that no other model reads',
        `that of ${full}`,
        'Use another --data-name, or another folder for --out',
      );
  }
}

/** Folders, sockets and what others keep to themselves, as in a folder for temporary files, refuse nothing. */
function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
