import onnx from 'onnx-passes/vite';

export default { plugins: [onnx()], build: { target: 'esnext' } };
