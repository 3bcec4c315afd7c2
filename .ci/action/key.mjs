/** The key of the cache: a hash of all that decides about a result. A model's data lie in its folder, so the whole folder counts. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { models, outFolder, setOutput, step } from './workflow.mjs';

const workspace = process.env.GITHUB_WORKSPACE;
/** Folders that hold no models' data. */
const skipped = new Set(['.git', 'node_modules']);

/** The files of a folder and of those below it, but results. */
function filesIn(folder) {
  return readdirSync(join(workspace, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return skipped.has(entry.name) || path === outFolder() ? [] : filesIn(path);
    return [path];
  });
}

async function digestOf(path) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}

/** Versions of what is installed: the package and the runtime. */
const versions = () =>
  ['onnx-passes', 'onnxruntime-node'].map((name) => {
    const path = join(process.env.FOLDER, 'node_modules', name, 'package.json');
    return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).version : 'none';
  });

/** Folders from the workspace down to one of its folders: a config in each of them counts. */
const pathTo = (folder) => (folder === '.' ? ['.'] : [...pathTo(dirname(folder)), folder]);

function hasConfig(folder) {
  const names = readdirSync(join(workspace, folder));
  if (names.some((name) => name.startsWith('onnx-passes.config.'))) return true;
  return (
    names.includes('package.json') &&
    JSON.parse(readFileSync(join(workspace, folder, 'package.json'), 'utf8'))['onnx-passes'] !== undefined
  );
}

await step(async () => {
  const out = outFolder();
  const paths = models();
  const folders = paths.map((path) => dirname(path));
  // A config may name plugins and inputs anywhere in the workspace.
  const read = folders.flatMap(pathTo).some(hasConfig) ? ['.'] : folders;
  const files = [...new Set(read.flatMap(filesIn))].sort();
  const { PASSES, TARGET, MAX_ERROR, MAX_SIZE } = process.env;
  const machine = [process.platform, process.arch, process.version, cpus()[0]?.model];
  const hash = createHash('sha256');
  hash.update(JSON.stringify([paths, PASSES, TARGET, MAX_ERROR, MAX_SIZE, out, versions(), machine]));
  for (const path of files) hash.update(JSON.stringify([path, await digestOf(join(workspace, path))]));
  setOutput('key', `onnx-passes-${hash.digest('hex')}`);
});
