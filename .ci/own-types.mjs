/**
 * Makes the types of the package its own: zod's are put beside them, as the package holds zod itself, and what no entry reaches is left out. What is
 * left names no type of Node's and no other package, so that a program without `@types/node` compiles. Runs behind the compiler, which writes
 * `from 'zod'` and `import('zod/v4/core')`.
 */
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
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

const { exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const entries = Object.values(exports).flatMap((entry) => (entry.types ? [resolve(root, entry.types)] : []));

const reached = new Set();
for (const path of entries) await visit(path);
for (const name of await readdir(types, { recursive: true }))
  if (name.endsWith('.d.ts') && !reached.has(join(types, name))) await rm(join(types, name));

/** Types of a browser and of Node that signatures name. A program that has neither gets empty ones; others merge with these. */
const hosts = join(types, 'hosts.d.ts');
await writeFile(hosts, ['AbortSignal', 'Blob', 'URL'].map((name) => `interface ${name} {}\n`).join(''));
for (const path of entries) {
  const reference = `/// <reference path="${pathFrom(path, hosts)}" />\n`;
  await writeFile(path, reference + (await readFile(path, 'utf8')));
}

/** Follows what a file imports; zod is found beside the package's own types. A name with `&` is a pattern of `imports.d.ts` itself. */
async function visit(path) {
  if (reached.has(path)) return;
  reached.add(path);
  let text = await readFile(path, 'utf8');
  if (!path.startsWith(to)) {
    text = text.replaceAll(/(\bfrom |\bimport\()(['"])zod\b([^'"]*)\2/g, (_, before, quote, rest) => {
      return `${before}${quote}${pathFrom(path, join(to, rest, 'index.js'))}${quote}`;
    });
    await writeFile(path, text);
  }
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, '');
  if (/\b(NodeJS\.|Buffer\b)/.test(code))
    throw new Error(`${path}: expected no type of Node's in the types of the package`);
  for (const [, name] of code.matchAll(/(?:\bfrom |\bimport\(|\bimport )['"]([^'"&]+)['"]/g)) {
    if (!name.startsWith('.'))
      throw new Error(`${path}: expected imports of files; found ${name}, which who installs the package may lack`);
    await visit(resolve(dirname(path), name.replace(/\.js$/, '.d.ts')));
  }
}

function pathFrom(path, other) {
  const place = relative(dirname(path), other).replaceAll('\\', '/');
  return place.startsWith('.') ? place : `./${place}`;
}
