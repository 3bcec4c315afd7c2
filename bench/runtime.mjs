/** onnxruntime-node as the library finds it: in the folder that `ONNX_PASSES_RUNTIME` names, or beside this repository. Workers that no bundler reads import it from here. */
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const folder = process.env.ONNX_PASSES_RUNTIME;
const require = createRequire(folder ? join(resolve(folder), 'package.json') : import.meta.url);
export const { InferenceSession, Tensor } = require('onnxruntime-node');
