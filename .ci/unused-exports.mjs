/** Fails on a value that a file of src/, passes/ or cli/ exports and no other file imports. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What the package gives out. */
const isPublic = (path) =>
  ['src/index.ts', 'src/rules.ts', 'src/report.ts', 'passes/index.ts'].includes(path) ||
  /^src\/(browser|bundlers)\//.test(path);

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const paths = ['src', 'passes', 'cli', 'test', 'bench', 'fixtures', '.ci'].flatMap((folder) =>
  readdirSync(folder, { recursive: true })
    .filter((name) => /\.(ts|mjs)$/.test(name))
    .map((name) => join(folder, name)),
);
const texts = new Map(paths.map((path) => [path, readFileSync(path, 'utf8')]));

/** The file that an import names. */
const target = (from, specifier) => join(dirname(from), specifier).replace(/\.js$|(?<!\.\w+)$/, '.ts');

const imported = new Set();
/** Files imported as a whole, and who may read any name of them. */
const whole = [];
for (const [path, text] of texts) {
  for (const [, names, from] of text.matchAll(/^(?:im|ex)port (?:type )?\{([^}]*)\} from '(\.[^']*)'/gm))
    for (const name of names.split(','))
      imported.add(
        `${target(path, from)} ${name
          .trim()
          .replace(/^type /, '')
          .replace(/ as .*/, '')}`,
      );
  for (const [, from] of text.matchAll(/(?:import\(|\* as \w+ from )'(\.[^']*)'/g))
    whole.push({ path: target(path, from), text });
}

const unused = [];
for (const [path, text] of texts) {
  if (!/^(src|passes|cli)\/.*\.ts$/.test(path) || isPublic(path)) continue;
  const declared = text.matchAll(/^export (?:async )?(?:const|let|class|function\*?) (\w+)/gm);
  for (const [, name] of declared) {
    if (imported.has(`${path} ${name}`)) continue;
    if (whole.some((one) => one.path === path && new RegExp(`\\b${name}\\b`).test(one.text))) continue;
    unused.push(`${path}: ${name}`);
  }
}
if (unused.length > 0) {
  console.error(`expected exports that a file imports; found:\n${unused.map((one) => `  ${one}`).join('\n')}`);
  process.exitCode = 1;
}
