/**
 * Types of imported models, for `"types": ["onnx-passes/imports"]`. A pattern may hold one `*`, which is the path of the model, so these know an import
 * by its end: `?passes=` and a preset, or a target, `./model.onnx?passes=half,fuse&target=webgpu`. Any other ends in `&onnx`.
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
declare module '*.onnx?passes=half' {
  export * from 'model&onnx';
  export { default } from 'model&onnx';
}
declare module '*.onnx?passes=quarter' {
  export * from 'model&onnx';
  export { default } from 'model&onnx';
}
declare module '*.onnx?passes=eighth' {
  export * from 'model&onnx';
  export { default } from 'model&onnx';
}
declare module '*.onnx?passes=exact' {
  export * from 'model&onnx';
  export { default } from 'model&onnx';
}
declare module '*.onnx?passes=fuse' {
  export * from 'model&onnx';
  export { default } from 'model&onnx';
}
declare module '*&target=auto' {
  export * from 'model&onnx';
  export { default } from 'model&onnx';
}
declare module '*&target=cpu' {
  export * from 'model&onnx';
  export { default } from 'model&onnx';
}
declare module '*&target=cuda' {
  export * from 'model&onnx';
  export { default } from 'model&onnx';
}
declare module '*&target=webgpu' {
  export * from 'model&onnx';
  export { default } from 'model&onnx';
}
declare module '*&target=cuda:sm80' {
  export * from 'model&onnx';
  export { default } from 'model&onnx';
}
declare module '*&target=cuda:sm86' {
  export * from 'model&onnx';
  export { default } from 'model&onnx';
}
declare module '*&target=cuda:sm89' {
  export * from 'model&onnx';
  export { default } from 'model&onnx';
}
declare module '*&target=cuda:sm90' {
  export * from 'model&onnx';
  export { default } from 'model&onnx';
}
