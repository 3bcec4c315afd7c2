/**
 * Puts zod's types beside those of the package, which holds zod itself: who installs the package needs no copy of it. Runs behind the compiler, which
 * writes `from 'zod'` and `import('zod/v4/core')`.
 */
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const types = join(root, 'dist/types');
const [from, to] = [join(root, 'node_modules/zod'), join(types, 'zod')];

for (const folder of ['v4/classic', 'v4/core', 'v4/locales']) {
  await mkdir(join(to, folder), { recursive: true });
  for (const name of await readdir(join(from, folder)))
    if (name.endsWith('.d.ts')) await cp(join(from, folder, name), join(to, folder, name));
}
// The compiler leaves out files that are declarations already.
await cp(join(root, 'src/bundlers/imports.d.ts'), join(types, 'src/bundlers/imports.d.ts'));
await cp(join(from, 'index.d.ts'), join(to, 'index.d.ts'));

for (const name of await readdir(types, { recursive: true })) {
  const path = join(types, name);
  if (!path.endsWith('.d.ts') || path.startsWith(to)) continue;
  const text = await readFile(path, 'utf8');
  const own = (rest) => {
    const place = relative(dirname(path), join(to, rest, 'index.js')).replaceAll('\\', '/');
    return place.startsWith('.') ? place : `./${place}`;
  };
  const changed = text.replaceAll(/(\bfrom |\bimport\()(['"])zod\b([^'"]*)\2/g, (_, before, quote, rest) => {
    return `${before}${quote}${own(rest)}${quote}`;
  });
  if (changed !== text) await writeFile(path, changed);
}
