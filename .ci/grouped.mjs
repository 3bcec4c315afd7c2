/**
 * Puts what is loaded together into one file. esbuild makes a chunk for every set of entries that share code: of the library more than a
 * hundred, and Node takes longer to find and open them than to run them.
 */
import { basename } from 'node:path';
import { build } from 'esbuild';

const IS_CHUNK = /^\.\/[^/]+\.js$/;

/** The chunks that the file of an entry imports, directly or not, by its source. */
function importedBy(source, outputs) {
  const found = new Set();
  const visit = (file) => {
    for (const { path, kind } of outputs.get(file).imports) {
      const next = basename(path);
      if (kind !== 'import-statement' || !outputs.has(next) || found.has(next)) continue;
      found.add(next);
      visit(next);
    }
  };
  visit([...outputs].find(([, { entryPoint }]) => entryPoint === source)[0]);
  return found;
}

/** The files of a build with `groups`: by the name of a new file the sources of which it holds what all import, but for the groups before. */
export async function grouped({ outputFiles, metafile }, groups, options) {
  const texts = new Map(outputFiles.map(({ path, text }) => [basename(path), text]));
  const outputs = new Map(Object.entries(metafile.outputs).map(([path, output]) => [basename(path), output]));
  /** By chunk, the file that it goes to, and what its names begin with there. */
  const homes = new Map();
  for (const [home, sources] of Object.entries(groups)) {
    const [first, ...more] = sources.map((source) => importedBy(source, outputs));
    for (const file of first)
      if (!homes.has(file) && more.every((others) => others.has(file)))
        homes.set(file, { home, prefix: `m${homes.size}_` });
  }
  const inGroup = (home) => [...homes.keys()].filter((file) => homes.get(file).home === home);
  const namesOf = (file, text) =>
    outputs.get(file).exports.map((name) => text(name, `${homes.get(file).prefix}${name}`));
  /** A chunk in its group's file, or for all others what that file exports of it. */
  const contentsIn = (home) => (file) => {
    const found = homes.get(file);
    if (!found || found.home === home) return texts.get(file);
    return `export {${namesOf(file, (name, there) => `${there} as ${name}`)}} from './${found.home}';`;
  };
  const reading = (home) => ({
    name: 'grouped',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: IS_CHUNK }, ({ path, kind }) => {
        const isRead = kind === 'entry-point' || (kind !== 'dynamic-import' && homes.has(basename(path)));
        return isRead ? { path: basename(path), namespace: 'chunk' } : { path, external: true };
      });
      onLoad({ filter: /./, namespace: 'chunk' }, ({ path }) => ({ contents: contentsIn(home)(path) }));
    },
  });
  const again = (more, home) =>
    build({ ...options, splitting: false, write: false, ignoreAnnotations: true, ...more, plugins: [reading(home)] });
  const whole = Object.keys(groups).map((home) => {
    const lines = inGroup(home).map(
      (file) => `export {${namesOf(file, (name, there) => `${name} as ${there}`)}} from './${file}';`,
    );
    const stdin = { contents: lines.join('\n'), resolveDir: options.absWorkingDir };
    return again({ stdin, entryPoints: undefined, outdir: undefined, outfile: `${options.outdir}/${home}` }, home);
  });
  const asked = [...outputs.values()].flatMap(({ imports }) => imports.filter(({ kind }) => kind === 'dynamic-import'));
  const isAsked = new Set(asked.map(({ path }) => basename(path)));
  const others = [...texts.keys()].filter((file) => file.endsWith('.js') && (!homes.has(file) || isAsked.has(file)));
  const rest = again({ entryPoints: others.map((file) => `./${file}`), entryNames: '[name]' });
  return (await Promise.all([...whole, rest])).flatMap((built) => built.outputFiles);
}
