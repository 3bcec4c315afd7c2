/** Fails where two files of src/, passes/ or cli/ export a type, an interface or a class of the same name. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The same type in each place: the classes of the IR with their interfaces, and the tensor in the declarations written for users. */
const same = new Set(['Graph', 'Model', 'Node', 'Tensor', 'Value']);

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const files = new Map();
for (const folder of ['src', 'passes', 'cli'])
  for (const name of readdirSync(folder, { recursive: true }).filter((one) => one.endsWith('.ts'))) {
    const path = join(folder, name);
    const declared = readFileSync(path, 'utf8').matchAll(/^export (?:abstract )?(?:interface|type|class) (\w+)/gm);
    for (const [, type] of declared) files.set(type, [...(files.get(type) ?? []), path]);
  }

const shared = [...files].filter(([type, paths]) => paths.length > 1 && !same.has(type));
if (shared.length > 0) {
  const found = shared.map(([type, paths]) => `  ${type}: ${paths.join(', ')}`).join('\n');
  console.error(
    `types: expected one meaning a name; found:\n${found}\nImport the one, or say in the name what it is of.`,
  );
  process.exitCode = 1;
}
