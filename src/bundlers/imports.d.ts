/**
 * Types of imported models, for `"types": ["onnx-passes/imports"]`. A pattern may hold one `*`, so the import ends in `&onnx`:
 * `import url, { inputs } from './model.onnx?passes=half&target=webgpu&onnx'`.
 */
declare module '*&onnx' {
  interface Port {
    readonly name: string;
    readonly type?: string;
    readonly shape?: readonly (number | string | null)[];
  }
  /** The address of the optimized model: a URL in a browser, a path on a server as the bundler gives it. */
  const url: string;
  export default url;
  /** For `InferenceSession.create(url, { externalData })`; empty where the model is one file. */
  export const externalData: readonly { readonly path: string; readonly data: string }[];
  export const inputs: readonly Port[];
  export const outputs: readonly Port[];
}
