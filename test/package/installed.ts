/** The package as others get it: packed, and unpacked into a folder of its own. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Installed {
  readonly folder: string;
  readonly tarball: string;
  /** Paths in the package. */
  readonly files: readonly string[];
  /** Links a package of this repository, as npm would have put it there. */
  link(name: string): void;
  remove(): void;
}

interface Packed {
  readonly tarball: string;
  readonly files: readonly { readonly path: string }[];
}

let packed: Packed | undefined;

/** The package, packed once for all files of a worker: the build has been made, and to make it again would take it away from other tests. */
function packedOnce(): Packed {
  if (packed) return packed;
  const folder = mkdtempSync(join(tmpdir(), 'onnx-passes-packed-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const words = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const said = execFileSync(npm, words, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const [{ filename, files }] = JSON.parse(said);
  packed = { tarball: join(folder, filename), files };
  return packed;
}

/** A folder with the package and what it depends on, linked, and nothing else. */
export function installed(): Installed {
  const { tarball, files } = packedOnce();
  const folder = mkdtempSync(join(tmpdir(), 'onnx-passes-package-'));
  const own = join(folder, 'node_modules', 'onnx-passes');
  mkdirSync(own, { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '-C', own, '--strip-components=1']);
  const link = (name: string): void => {
    const path = join(folder, 'node_modules', name);
    mkdirSync(join(path, '..'), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), path, 'junction');
  };
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  return {
    folder,
    tarball,
    files: files.map(({ path }) => path),
    link,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
