/** Finds onnxruntime-node: in the folder that `ONNX_PASSES_RUNTIME` names, or beside this package. */

/** A `require` that finds onnxruntime-node. Node only. */
export async function runtimeRequire(): Promise<NodeJS.Require> {
  const [{ createRequire }, { join, resolve }] = await Promise.all([import('node:module'), import('node:path')]);
  const folder = process.env.ONNX_PASSES_RUNTIME;
  return createRequire(folder ? join(resolve(folder), 'package.json') : import.meta.url);
}
