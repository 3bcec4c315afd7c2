/** What a pass leaves alone: the reasons that its code gives, read from the texts of the files that it imports. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dirname, normalize } from 'node:path/posix';

/** A text where reasons stand: given to a function that refuses, or the value of an expression. */
const REASON =
  /(?:\b(?:no|skip|refuse|leave|miss|Miss|Refusal)\(\s*|\breturn |\breason: |\?\s*|\s: |=> |(?:\?\?|\|\||&&) )(?:'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`)/g;

const IMPORT = /^import (?!type)[^;]*? from '(\.[^']*)\.js';/gm;

/** The pass's own file, and in turn all files below passes/ that are imported; `told` are other passes, which have pages of their own. */
function filesOf(root: string, name: string, told: readonly string[]): string[] {
  const files = [`passes/${name}.ts`].filter((path) => existsSync(join(root, path)));
  for (const file of files)
    for (const [, path] of readFileSync(join(root, file), 'utf8').matchAll(IMPORT)) {
      const found = normalize(join(dirname(file), `${path}.ts`));
      if (found.startsWith('passes/') && !files.includes(found) && !told.includes(found)) files.push(found);
    }
  return files;
}

/** Reasons in the order of the code; what is known only where a pass runs is an ellipsis. */
export function limitsOf(root: string, name: string, names: readonly string[]): string[] {
  const told = names.filter((other) => other !== name).map((other) => `passes/${other}.ts`);
  const texts = filesOf(root, name, told).flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(REASON)].map(([, text, template]) =>
      (text ?? template ?? '').replace(/\$\{(?:[^{}]|\{[^}]*\})*\}/g, '…').replace(/\\(.)/g, '$1'),
    ),
  );
  // Names, codes and the ends of sentences are no reasons.
  return [...new Set(texts)].filter((text) => (text.match(/[a-z]{2,} /g) ?? []).length >= 3 && /^[\w…"]/.test(text));
}
