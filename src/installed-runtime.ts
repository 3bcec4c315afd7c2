/** Finds onnxruntime-node: in the folder that `ONNX_PASSES_RUNTIME` names, or beside this package. */

/** True where Node's own modules can be imported. */
export const isNode = (): boolean => typeof globalThis.process?.versions?.node === 'string';

/** A `require` that finds onnxruntime-node. Node only. */
export async function runtimeRequire(): Promise<NodeJS.Require> {
  const [{ createRequire }, { join, resolve }] = await Promise.all([import('node:module'), import('node:path')]);
  const folder = process.env.ONNX_PASSES_RUNTIME;
  return createRequire(folder ? join(resolve(folder), 'package.json') : import.meta.url);
}

/** What to do where it is not there: `--ignore-scripts` leaves out the download of its CUDA provider. */
export const NO_RUNTIME =
  'expected onnxruntime-node, which runs models; found none. Add it: npm install onnxruntime-node --ignore-scripts (CPU and WebGPU are in it). Without it nothing is checked: --verify none --no-validate';

/** The version of onnxruntime-node; undefined where it is not installed. */
export async function runtimeVersion(): Promise<string | undefined> {
  const require = await runtimeRequire();
  try {
    return require('onnxruntime-node/package.json').version;
  } catch {
    // Nothing that runs a model will work, and its error will say so.
    return undefined;
  }
}
