/** What a step of the action is asked for, and how it answers: inputs by variables, outputs by the file that GitHub names. */
import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';

const workspace = process.env.GITHUB_WORKSPACE;

/** Lines or words of an input. */
export const listOf = (name, separator) =>
  (process.env[name] ?? '')
    .split(separator)
    .map((one) => one.trim())
    .filter((one) => one !== '');

/** A path of an input, from the workspace on: nothing outside is read, and nothing outside is written. */
function inWorkspace(name, path) {
  const found = relative(workspace, join(workspace, path));
  if (isAbsolute(path) || found.split(sep)[0] === '..')
    throw new TypeError(`${name}: expected a path in the workspace; found ${path}`);
  return found;
}

/** The models, from the workspace on, in a fixed order. */
export function models() {
  const found = listOf('MODELS', '\n').flatMap((pattern) => {
    if (!/[*?[{]/.test(pattern)) return [pattern];
    if (!fs.globSync) throw new TypeError(`models: expected Node 22 for the glob ${pattern}; found ${process.version}`);
    return fs.globSync(pattern, { cwd: workspace });
  });
  const paths = [...new Set(found.map((path) => inWorkspace('models', path)))].sort();
  if (paths.length === 0) throw new TypeError('models: expected a path or a glob that finds one; found no model');
  for (const path of paths)
    if (!fs.existsSync(join(workspace, path))) throw new TypeError(`models: expected a file; found none at ${path}`);
  return paths;
}

/** The folder of results. The workspace itself is refused: results would stand among the sources. */
export function outFolder() {
  const out = inWorkspace('out', process.env.OUT ?? '');
  if (out === '') throw new TypeError('out: expected a folder of its own in the workspace; found the workspace');
  return out;
}

/** Where the results of a model are: the same place below the folder of results. */
export function filesOf(model) {
  const base = join(outFolder(), model.replace(/\.onnx$/, ''));
  return { result: `${base}.onnx`, report: `${base}.report.json`, page: `${base}.report.html` };
}

export function setOutput(name, value) {
  const end = randomUUID();
  fs.appendFileSync(process.env.GITHUB_OUTPUT, `${name}<<${end}\n${value}\n${end}\n`);
}

/** A line beside the step: `error`, `warning` or `notice`. */
export function annotate(level, text) {
  const escaped = text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
  process.stdout.write(`::${level} title=onnx-passes::${escaped}\n`);
}

/** Runs a step; what it throws is an annotation and not a stack. */
export async function step(work) {
  try {
    await work();
  } catch (error) {
    annotate('error', error.message);
    process.exitCode = 1;
  }
}
