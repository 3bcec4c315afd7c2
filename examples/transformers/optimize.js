import { optimizeFolder } from 'onnx-passes';

// A folder as transformers.js reads it: config.json, a tokenizer, onnx/model.onnx. All that is no model is copied.
const { parts } = await optimizeFolder('model', 'half', { out: 'optimized', target: 'cpu', speed: false });
for (const { path, state } of parts) console.log(path, state);
