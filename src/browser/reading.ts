/** Reading a model in a browser, apart from the rest of the library: a page that only looks at models loads no more. */
export { readModel } from '../onnx/read.js';
