/** Modules that a user wrote, configs and plugins: JavaScript, and TypeScript where something here can strip its types. */
import { randomUUID } from 'node:crypto';
import { existsSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import * as nodeModule from 'node:module';
import { dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { nearest, UsageError } from '../ir/text/usage-error.js';
import { temporary, undivided } from '../leftovers.js';

/** What a module is called in errors, and the kinds of files that it may be. */
interface WantedModule {
  readonly noun: string;
  readonly kinds: string;
}

type Exports = Readonly<Record<string, unknown>>;

const loaded = new Map<string, Promise<Exports>>();

/** What a module exports; the same whenever it is asked for. Throws UsageError where it is of another kind, does not load, or needs what is not there. */
export async function importModule(path: string, wanted: WantedModule): Promise<Exports> {
  const place = resolve(path);
  const loading = loaded.get(place) ?? load(path, wanted);
  loaded.set(place, loading);
  try {
    return await loading;
  } catch (error) {
    loaded.delete(place);
    throw error;
  }
}

async function load(path: string, wanted: WantedModule): Promise<Exports> {
  const kind = extname(path);
  if (!['.js', '.mjs', '.ts', '.mts'].includes(kind))
    throw new UsageError(`${path}: expected a ${wanted.kinds} file; found "${kind}"`);
  shareThisPackage(path);
  return kind.endsWith('js') || stripsTypes() ? importFile(path, wanted) : importStripped(path, wanted);
}

/** `place` is the file that its author knows. */
async function importFile(path: string, { noun }: WantedModule, place = path): Promise<Exports> {
  await readFile(path);
  try {
    return await import(pathToFileURL(resolve(path)).href);
  } catch (error) {
    throw new UsageError(
      `${place}: expected a ${noun} that loads; found ${String(error)}${await remedyFor(error, place)}`,
    );
  }
}

/** What would make a module load, for two slips that Node's words do not explain; empty for any other error. */
async function remedyFor(error: unknown, place: string): Promise<string> {
  const text = String(error);
  if (/^SyntaxError: (Cannot use import statement outside|Unexpected token 'export')/.test(text))
    return `. Put "type": "module" into its package.json, or name it .m${extname(place).slice(1)}`;
  const [, word, opType] = /\b(op|microsoft)\.(\w+) is not a function/.exec(text) ?? [];
  if (!word || !opType) return '';
  const near = nearest(opType, Object.keys((await import('../match/words.js'))[word as 'op' | 'microsoft']));
  return near ? `. Did you mean ${word}.${near}?` : `. There is no operator ${opType}`;
}

/** True where Node imports TypeScript itself: from 22.18 on. */
const stripsTypes = (): boolean => Boolean((process.features as { typescript?: unknown }).typescript);

/** What is used of esbuild. */
interface Esbuild {
  build(options: object): Promise<{ readonly outputFiles: readonly { readonly text: string }[] }>;
}

/** On an older Node the module's own project may have esbuild (Vite and Vitest bring it): it strips the types, of what the module imports too. */
async function importStripped(path: string, wanted: WantedModule): Promise<Exports> {
  await readFile(path);
  let esbuild: Esbuild;
  try {
    esbuild = nodeModule.createRequire(resolve(path))('esbuild');
  } catch {
    throw new UsageError(
      `${path}: expected Node 22.18 or newer for a .ts ${wanted.noun}; found ${process.version}. Install esbuild beside it, or write .js`,
    );
  }
  const settings = { bundle: true, packages: 'external', format: 'esm', platform: 'node', write: false };
  const { outputFiles } = await esbuild
    .build({ ...settings, entryPoints: [resolve(path)], logLevel: 'silent' })
    .catch((error: unknown) => {
      throw new UsageError(`${path}: expected a ${wanted.noun} that loads; found ${String(error)}`);
    });
  // Beside the original, so that what it imports is found from there.
  const stripped = join(dirname(resolve(path)), `.onnx-passes-${randomUUID()}.mjs`);
  const remove = (): void => rmSync(stripped, { force: true });
  const gone = undivided(() => {
    const forget = temporary(stripped, remove);
    writeFileSync(stripped, outputFiles[0]?.text ?? '', { flag: 'wx' });
    return forget;
  });
  try {
    return await importFile(stripped, wanted, path);
  } finally {
    remove();
    gone();
  }
}

/** The entries of this package as it runs, by the name that a module imports. There are none where it runs from its source. */
function entries(): Readonly<Record<string, string>> {
  const beside = (file: string): string => new URL(file, import.meta.url).href;
  const found = { 'onnx-passes': beside('./index.js'), 'onnx-passes/rules': beside('./rules.js') };
  return existsSync(fileURLToPath(found['onnx-passes/rules'])) ? found : {};
}

/** A resolver in front of Node's, as `module.registerHooks` and `module.register` take it. */
type Resolve = (specifier: string, context: unknown, next: (specifier: string, context: unknown) => unknown) => unknown;

let isShared = false;

/**
 * Lets a module import this copy of the package, whichever copy is installed beside it and whether one is: rules and graphs of two copies
 * do not know each other.
 */
function shareThisPackage(path: string): void {
  const own = entries();
  if (isShared || Object.entries(own).every(([name, url]) => isResolvedTo(name, url, path))) return;
  isShared = true;
  const hooks = nodeModule as unknown as { registerHooks?(hooks: { readonly resolve: Resolve }): void };
  if (hooks.registerHooks)
    hooks.registerHooks({
      resolve: (specifier, context, next) =>
        Object.hasOwn(own, specifier)
          ? { url: own[specifier], format: 'module', shortCircuit: true }
          : next(specifier, context),
    });
  else {
    // Before Node 22.15 a resolver is a module of its own.
    const code = `const own = ${JSON.stringify(own)};
      export const resolve = (specifier, context, next) => Object.hasOwn(own, specifier)
        ? { url: own[specifier], format: 'module', shortCircuit: true } : next(specifier, context);`;
    nodeModule.register(`data:text/javascript,${encodeURIComponent(code)}`);
  }
}

function isResolvedTo(name: string, url: string, path: string): boolean {
  try {
    const found = nodeModule.createRequire(resolve(path)).resolve(name);
    return realpathSync(found) === realpathSync(fileURLToPath(url));
  } catch {
    return false;
  }
}
