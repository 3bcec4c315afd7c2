/**
 * Lays a folder in which onnxruntime-node loads its CUDA provider on a machine without a GPU: `node .ci/hollow/build.mjs [folder]`. The provider is the
 * real one; the CUDA libraries under it are stand-ins, so it decides about every node as it does on a GPU, and computes nothing. README.md says what
 * that proves. Needs npm, gcc, nm and strings on Linux x64. Prints the folder, or why it could not be laid, and then ends with 1.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The newest version that a package brings the provider for, and the package. */
const RUNTIME = '1.29.0';
const PROVIDER = 'com.github.asus4.onnxruntime.linux-x64-gpu@0.4.9';
const LIBRARIES = [
  'libcuda.so.1',
  'libcudart.so.13',
  'libcublas.so.13',
  'libcublasLt.so.13',
  'libcurand.so.10',
  'libcufft.so.12',
  'libcudnn.so.9',
];

const here = fileURLToPath(new URL('.', import.meta.url));
const folder = resolve(process.argv[2] ?? join(here, '../../node_modules/.cache/hollow'));
const binding = join(folder, 'node_modules/onnxruntime-node/bin/napi-v6/linux/x64');
const provider = join(binding, 'libonnxruntime_providers_cuda.so');
const scratch = mkdtempSync(join(tmpdir(), 'hollow-'));
const run = (tool, ...given) =>
  execFileSync(tool, given, { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe'] });

try {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error(`expected Linux x64; found ${process.platform} ${process.arch}`);
  if (!existsSync(provider)) fetchRuntime();
  compile();
  console.log(folder);
} catch (error) {
  console.error(`hollow CUDA: ${error.stderr || error.message}`.trim());
  process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** The runtime's packages, without what is for other systems. The provider comes last: where it is, all is. */
function fetchRuntime() {
  const runtimes = ['onnxruntime-common', 'onnxruntime-node'];
  const asked = [...runtimes.map((name) => `${name}@${RUNTIME}`), PROVIDER];
  const packed = run('npm', 'pack', '--silent', '--pack-destination', scratch, ...asked)
    .trim()
    .split('\n');
  const unpack = (index, to, ...which) => {
    rmSync(to, { recursive: true, force: true });
    mkdirSync(to, { recursive: true });
    run('tar', 'xzf', join(scratch, packed.at(index - asked.length)), '-C', to, '--strip-components=1', ...which);
    return to;
  };
  const others = ['darwin', 'win32', 'arm64', '*.map'].map((name) => `--exclude=${name}`);
  for (const [index, name] of runtimes.entries()) unpack(index, join(folder, 'node_modules', name), ...others);
  const from = unpack(2, join(scratch, 'provider'), 'package/LICENSE', 'package/Plugins/Linux/x64');
  cpSync(join(from, 'LICENSE'), join(binding, 'LICENSE.cuda-provider'));
  for (const name of ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_cuda.so'])
    cpSync(join(from, 'Plugins/Linux/x64', name), join(binding, name));
}

/** The stand-ins: one object file, linked once under each library's name. */
function compile() {
  const written = readFileSync(join(here, 'cuda.c'), 'utf8');
  const rest = functionsOf(provider).filter((name) => !new RegExp(`\\b${name}\\(`).test(written));
  // Constructors of cuDNN give an object; all others do nothing, and succeed.
  const stubs = rest.map((name) =>
    name.startsWith('cudnnCreate')
      ? `int ${name}(void **out) { return object(out); }`
      : `int ${name}(void) { return 0; }`,
  );
  const source = join(scratch, 'all.c');
  writeFileSync(source, `${written}\n${stubs.join('\n')}\n`);
  run('gcc', '-O1', '-fPIC', '-w', '-c', source, '-o', join(scratch, 'all.o'));
  const libraries = join(folder, 'lib');
  rmSync(libraries, { recursive: true, force: true });
  mkdirSync(libraries, { recursive: true });
  for (const name of LIBRARIES) {
    // The provider asks for each symbol under a version that is called as the library.
    const map = join(scratch, 'map');
    writeFileSync(map, `${name} { global: *; };\n`);
    run(
      'gcc',
      '-shared',
      `-Wl,-soname,${name}`,
      `-Wl,--version-script=${map}`,
      '-Wl,-Bsymbolic',
      join(scratch, 'all.o'),
      '-o',
      join(libraries, name),
    );
  }
  symlinkSync('libcudnn.so.9', join(libraries, 'libcudnn.so'));
}

/** Functions of CUDA that the provider links, and those that it looks up by name. */
function functionsOf(library) {
  const linked = run('nm', '-D', '--undefined-only', library)
    .split('\n')
    .map((line) => line.trim().split(' ').at(-1).replace(/@.*/, ''))
    .filter((name) => /^(_*cuda|cublas|cublasLt|curand|cu)[A-Z]/.test(name));
  const lookedUp = run('strings', '-n', '6', library)
    .split('\n')
    .filter((text) => /^(cudnn|cufft|cu)[A-Z]\w*$/.test(text) && !text.endsWith('_t'));
  return [...new Set([...linked, ...lookedUp])].sort();
}
